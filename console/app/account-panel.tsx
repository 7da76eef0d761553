import { LANGUAGES, type Language, language, SCHEMES, type Scheme, scheme } from './preferences.ts';
import { signOut, user } from './session.ts';
import { t, wordFor } from './text/index.ts';
import { askBefore } from './unsaved.ts';

/** The viewer's language and colours; who is signed in, and the way out. */
export function AccountPanel() {
  const { shell, words } = t();
  const signedIn = user.value;
  return (
    <section class="account" aria-label={shell.account}>
      <label>
        {shell.language}
        <select
          value={language.value}
          onChange={(event) => {
            language.value = event.currentTarget.value as Language;
          }}
        >
          {LANGUAGES.map((one) => (
            <option key={one} value={one} lang={one}>
              {shell.languages[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {shell.scheme}
        <select
          value={scheme.value}
          onChange={(event) => {
            scheme.value = event.currentTarget.value as Scheme;
          }}
        >
          {SCHEMES.map((one) => (
            <option key={one} value={one}>
              {shell.schemes[one]}
            </option>
          ))}
        </select>
      </label>
      {signedIn && (
        <>
          <p>{shell.signedInAs(signedIn.displayName, wordFor(words.role, signedIn.role))}</p>
          <button type="button" onClick={() => askBefore(signOut)}>
            {shell.signOut}
          </button>
        </>
      )}
    </section>
  );
}
