import { useState } from 'preact/hooks';
import type { Problem } from '../app/problem.ts';
import { session, signIn } from '../app/session.ts';
import { t } from '../app/text/index.ts';
import { TextField } from '../parts/field.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { CodeStep } from './sign-in/code-step.tsx';
import { EnrolStep } from './sign-in/enrol-step.tsx';
import { PlainHttp } from './sign-in/plain-http.tsx';
import { ProviderSignIn } from './sign-in/provider-sign-in.tsx';

/**
 * Shown at any address while nobody is signed in, so that one is back there afterwards. After the
 * password, staff may need a code, or must set up a second factor first.
 */
export function SignIn() {
  const [second, setSecond] = useState<Problem['second']>();
  const [isOver, setOver] = useState(false);
  const startOver = (over: boolean) => {
    setSecond(undefined);
    setOver(over);
  };
  if (second?.mfa === 'CODE') return <CodeStep mfaToken={second.mfaToken} onOver={startOver} />;
  if (second) return <EnrolStep mfaToken={second.mfaToken} onOver={startOver} />;
  return <PasswordStep isOver={isOver} onSecond={setSecond} />;
}

function PasswordStep(props: { isOver: boolean; onSecond: (second: Problem['second']) => void }) {
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
    if (answer.ok) return;
    if (answer.problem.second) props.onSecond(answer.problem.second);
    else setProblem(answer.problem);
  };
  const { value: now } = session;
  return (
    <Page title={texts.title}>
      {now.state === 'OUT' && now.ended && <p class="note">{texts.ended}</p>}
      {props.isOver && <p class="note">{texts.over}</p>}
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
