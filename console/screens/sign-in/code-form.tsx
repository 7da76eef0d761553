import { useState } from 'preact/hooks';
import type { Answer, Problem } from '../../app/problem.ts';
import { t } from '../../app/text/index.ts';
import { TextField } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';

interface CodeFormProps<T> {
  hint?: string;
  send: (code: string) => Promise<Answer<T>>;
  onDone: (data: T) => void;
  /** Starts over; true where the sign-in has ended meanwhile. */
  onOver: (isOver: boolean) => void;
}

/** The field for a code, and what the API says of it. */
export function CodeForm<T>({ hint, send, onDone, onOver }: CodeFormProps<T>) {
  const texts = t().signIn;
  const [code, setCode] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await send(code);
    setBusy(false);
    if (answer.ok) onDone(answer.data);
    else if (answer.problem.code === 'unauthenticated') onOver(true);
    else setProblem(answer.problem);
  };
  return (
    <form class="sign-in" onSubmit={submit}>
      <TextField
        label={texts.code}
        hint={hint}
        name="code"
        value={code}
        onInput={setCode}
        autocomplete="one-time-code"
        required
      />
      {problem?.code === 'invalid_credentials' && (
        <p class="note bad" role="alert">
          {texts.wrongCode}
        </p>
      )}
      {problem && problem.code !== 'invalid_credentials' && <ProblemNote problem={problem} />}
      <button type="submit" class="primary" disabled={isBusy}>
        {texts.goOn}
      </button>
      <button type="button" onClick={() => onOver(false)}>
        {texts.startOver}
      </button>
    </form>
  );
}
