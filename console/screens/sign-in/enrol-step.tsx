import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../app/problem.ts';
import {
  beginEnrolment,
  confirmEnrolment,
  type Enrolment,
  signInWithCode,
} from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { CodeForm } from './code-form.tsx';
import { QrCode } from './qr-code.tsx';

interface EnrolStepProps {
  mfaToken: string;
  /** Starts over; true where the sign-in has ended meanwhile. */
  onOver: (isOver: boolean) => void;
}

/** Sets up a second factor, shows its recovery codes, and signs in. */
export function EnrolStep({ mfaToken, onOver }: EnrolStepProps) {
  const texts = t().signIn;
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [problem, setProblem] = useState<Problem>();
  const [recoveryCodes, setRecoveryCodes] = useState<string[]>();
  useEffect(() => {
    beginEnrolment(mfaToken).then((answer) => {
      if (answer.ok) setEnrolment(answer.data);
      else if (answer.problem.code === 'unauthenticated') onOver(true);
      else setProblem(answer.problem);
    });
  }, [mfaToken]);

  if (recoveryCodes) {
    return <RecoveryCodes codes={recoveryCodes} mfaToken={mfaToken} onOver={onOver} />;
  }
  return (
    <Page title={texts.enrol}>
      {problem && <ProblemNote problem={problem} />}
      {enrolment && (
        <>
          <p>{texts.enrolWhy}</p>
          <QrCode text={enrolment.uri} label={texts.qrCode} />
          <p>
            {texts.secret}: <code>{enrolment.secret}</code>{' '}
            <CopyButton text={enrolment.secret} what={texts.copySecret} />
          </p>
          <CodeForm
            send={(code) => confirmEnrolment(mfaToken, code)}
            onDone={(data) => setRecoveryCodes(data.recoveryCodes)}
            onOver={onOver}
          />
        </>
      )}
    </Page>
  );
}

function RecoveryCodes({ codes, mfaToken, onOver }: EnrolStepProps & { codes: string[] }) {
  const texts = t().signIn;
  const [problem, setProblem] = useState<Problem>();
  const enter = async () => {
    const answer = await signInWithCode(mfaToken);
    if (answer.ok) return;
    if (answer.problem.code === 'unauthenticated') onOver(true);
    else setProblem(answer.problem);
  };
  return (
    <Page title={texts.recovery}>
      <p>{texts.recoveryWhy}</p>
      <ul class="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      {problem && <ProblemNote problem={problem} />}
      <p>
        <CopyButton text={codes.join('\n')} what={texts.copyRecovery} />
      </p>
      <button type="button" class="primary" onClick={enter}>
        {texts.kept}
      </button>
    </Page>
  );
}
