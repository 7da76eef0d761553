import { useState } from 'preact/hooks';
import type { Problem } from '../app/problem.ts';
import { session, signIn } from '../app/session.ts';
import { t } from '../app/text/index.ts';
import { TextField } from '../parts/field.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { PlainHttp } from './sign-in/plain-http.tsx';
import { ProviderSignIn } from './sign-in/provider-sign-in.tsx';

/** Shown at any address while nobody is signed in, so that one is back there afterwards. */
export function SignIn() {
  const texts = t().signIn;
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await signIn(username, password);
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.problem);
  };
  const { value: now } = session;
  return (
    <Page title={texts.title}>
      {now.state === 'OUT' && now.ended && <p class="note">{texts.ended}</p>}
      <PlainHttp />
      <ProviderSignIn />
      <form class="sign-in" onSubmit={submit}>
        <TextField
          label={texts.username}
          name="username"
          value={username}
          onInput={setUsername}
          autocomplete="username"
          required
        />
        <TextField
          label={texts.password}
          name="password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          required
        />
        {problem && <SignInProblem problem={problem} />}
        <button type="submit" class="primary" disabled={isBusy}>
          {texts.submit}
        </button>
      </form>
    </Page>
  );
}

function SignInProblem({ problem }: { problem: Problem }) {
  if (problem.code !== 'invalid_credentials') return <ProblemNote problem={problem} />;
  return (
    <p class="note bad" role="alert">
      {t().signIn.wrong}
    </p>
  );
}
