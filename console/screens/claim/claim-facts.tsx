import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { t } from '../../app/text/index.ts';
import type { Claim } from '../../app/types.ts';
import { ClaimStateBadge } from '../../parts/badge.tsx';
import { Id } from '../../parts/copy-button.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { Time } from '../../parts/time.tsx';

/** The claim's state, and what happens next, as sentences. Spoken when they change. */
export function NextStep({ claim: { state, reason, forStaff } }: { claim: Claim }) {
  const { claim, words } = t();
  const next = forStaff?.next;
  const parked = state === 'NEEDS_ATTENTION' ? forStaff?.parking : null;
  return (
    <div class={parked ? 'note warn' : 'note'} aria-live="polite">
      <p>
        <ClaimStateBadge state={state} /> {reason && <strong>{words.reason[reason]}</strong>}
      </p>
      {next && <p>{claim.next[next.what]}</p>}
      {next?.at && (
        <p>
          {claim.nextAt} <Time at={next.at} />
        </p>
      )}
      {parked && (
        <p class="quiet">
          {claim.parkedBecause}: {parked.detail}
        </p>
      )}
    </div>
  );
}

/** Whose claim it is, for what, and since when. */
export function ClaimFacts({ claim, zone }: { claim: Claim; zone: string | undefined }) {
  const { claim: texts, claims } = t();
  const { userId } = claim;
  const player = useData(userId, (signal) =>
    ask(api.GET('/api/users/{userId}', { params: { path: { userId } }, signal })),
  ).data;
  return (
    <DefinitionList
      rows={[
        [
          texts.player,
          <a key="player" href={`/console/players/${encodeURIComponent(userId)}`}>
            {player?.username ?? <code>{userId}</code>}
          </a>,
        ],
        [claims.event, <EventName key="event" eventId={claim.eventId} />],
        [texts.accepted, <Time key="accepted" at={claim.acceptedAt} zone={zone} isExact />],
        [texts.updated, <Time key="updated" at={claim.updatedAt} isExact />],
        [texts.id, <Id key="id" id={claim.claimId} what={texts.id} />],
        [
          claims.idempotencyKey,
          <Id key="key" id={claim.idempotencyKey} what={claims.idempotencyKey} />,
        ],
      ]}
    />
  );
}
