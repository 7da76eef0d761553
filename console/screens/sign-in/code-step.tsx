import { signInWithCode } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import { Page } from '../../parts/page.tsx';
import { CodeForm } from './code-form.tsx';

/**
 * Asks for a code, and signs in by it.
 * @param props.onOver called to start over; true where the sign-in has ended meanwhile
 */
export function CodeStep(props: { mfaToken: string; onOver: (isOver: boolean) => void }) {
  const texts = t().signIn;
  return (
    <Page title={texts.title}>
      <CodeForm
        hint={texts.codeHint}
        send={(code) => signInWithCode(props.mfaToken, code)}
        onDone={() => undefined}
        onOver={props.onOver}
      />
    </Page>
  );
}
