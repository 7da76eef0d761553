import { number } from '../../app/format.ts';
import { hrefTo } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Operation } from '../../app/types.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { Time } from '../../parts/time.tsx';
import { UserName } from '../../parts/user-name.tsx';

const TONES: Record<Operation['state'], Tone> = { RUNNING: 'wait', STOPPED: 'plain', DONE: 'good' };

/** A bulk operation's state. */
export function OperationStateBadge({ state }: { state: Operation['state'] }) {
  return <Badge tone={TONES[state]}>{wordFor(t().words.operationState, state)}</Badge>;
}

/** Which claims a bulk operation was asked for. */
export function OperationFilter({ filter }: { filter: Operation['filter'] }) {
  const { operation, words } = t();
  const { reason, eventId, provider, parkedBefore, all, userId } = filter;
  return (
    <ul class="plain-list">
      {userId && (
        <li>
          {operation.user} <UserName userId={userId} />
        </li>
      )}
      {all && <li>{operation.allParked}</li>}
      {reason && <li>{wordFor(words.reason, reason)}</li>}
      {eventId && (
        <li>
          <EventName eventId={eventId} />
        </li>
      )}
      {provider && (
        <li>
          {operation.provider} <code>{provider}</code>
        </li>
      )}
      {parkedBefore && (
        <li>
          {operation.parkedBefore} <Time at={parkedBefore} />
        </li>
      )}
    </ul>
  );
}

/** The list of the parked claims that fit a bulk operation's filter now. */
export function claimsHref({ reason, eventId, provider }: Operation['filter']): string {
  return hrefTo('/console/claims', { state: 'NEEDS_ATTENTION', reason, eventId, provider });
}

/** How far a bulk operation is, in words and as a bar. An erasure has no claims to count. */
export function OperationProgress({ of }: { of: Operation }) {
  const { operation } = t();
  if (of.action === 'ERASE') return null;
  const said = operation.progress(number(of.done), number(of.total));
  return (
    <div class="progress">
      <progress
        aria-label={operation.progressLabel}
        max={Math.max(of.total, 1)}
        value={of.done + of.failed}
      />
      <span>{said}</span>
      {of.failed > 0 && <span class="quiet">{operation.failed(number(of.failed))}</span>}
    </div>
  );
}
