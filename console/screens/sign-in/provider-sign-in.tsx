import { query } from '../../app/router.ts';
import { expectSession } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';

/** The name of the studio's own sign-in, as the server wrote it into the page; none without one. */
const PROVIDER = document.documentElement.dataset.signInBy;

/** The way to the studio's own sign-in and back, and why the last one brought nobody in. */
export function ProviderSignIn() {
  const texts = t().signIn;
  if (!PROVIDER) return null;
  const failure = query.value.get('sign-in');
  const here = new URL(location.href);
  here.searchParams.delete('sign-in');
  const start = `/api/auth/oidc/start?${new URLSearchParams({ returnTo: here.pathname + here.search })}`;
  return (
    <>
      {failure && (
        <p class="note bad" role="alert">
          {texts.failed[failure as keyof typeof texts.failed] ?? texts.failed.unauthenticated}
        </p>
      )}
      <p>
        <a class="button" href={start} onClick={expectSession}>
          {texts.by(PROVIDER)}
        </a>
      </p>
    </>
  );
}
