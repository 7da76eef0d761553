import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import { useFocusAfter } from '../../app/focus.ts';
import { can } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import type { Claim } from '../../app/types.ts';
import { Confirm } from '../../parts/confirm.tsx';

type Verb = 'retry' | 'abort';

/** Retry and abort, for admins, while the claim is parked and nobody has decided. */
export function DecideButtons({ claim }: { claim: Claim }) {
  const { claim: texts } = t();
  const [verb, setVerb] = useState<Verb>();
  const isUndecided =
    claim.state === 'NEEDS_ATTENTION' && claim.forStaff?.parking?.decision === null;
  useFocusAfter(String(isUndecided));
  if (!can('ADMIN')) return null;
  return (
    <>
      {isUndecided && (
        <>
          <button type="button" onClick={() => setVerb('retry')}>
            {texts.retry}
          </button>
          <button type="button" class="danger" onClick={() => setVerb('abort')}>
            {texts.abort}
          </button>
        </>
      )}
      {verb && (
        <DecideDialog claimId={claim.claimId} verb={verb} onClose={() => setVerb(undefined)} />
      )}
    </>
  );
}

function DecideDialog(props: { claimId: string; verb: Verb; onClose: () => void }) {
  const { claim: texts } = t();
  const isRetry = props.verb === 'retry';
  const confirm = async (note: string | undefined) => {
    const request = {
      params: { path: { claimId: props.claimId } },
      body: note === undefined ? {} : { note },
    };
    const answer = isRetry
      ? await ask(api.POST('/api/event-claims/{claimId}/retry', request))
      : await ask(api.POST('/api/event-claims/{claimId}/abort', request));
    if (!answer.ok) return answer.problem;
    announce(isRetry ? texts.retried : texts.aborted);
    return undefined;
  };
  return (
    <Confirm
      open
      title={isRetry ? texts.retryTitle : texts.abortTitle}
      action={isRetry ? texts.retryConfirm : texts.abortConfirm}
      isDanger={!isRetry}
      takesNote
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <p>{isRetry ? texts.retryHint : texts.abortHint}</p>
    </Confirm>
  );
}
