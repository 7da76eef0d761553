import { api, ask } from '../../app/api.ts';
import { useData, useEvery } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { hrefTo } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Claim, User } from '../../app/types.ts';
import { ClaimStateBadge } from '../../parts/badge.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

/** How many claims are listed; a link leads to all. */
const LISTED = 10;
/** How often claims are read again: while one of them runs, and otherwise. In milliseconds. */
const EVERY_MS = { running: 1_500, quiet: 15_000 };

/** The player's latest claims, and how many are in each state. Claims that run are seen to end. */
export function ClaimsOfPlayer({ user: { id: userId, status } }: { user: User }) {
  const { player } = t();
  // Another status changes what runs, so it is read again.
  const key = `${userId} ${status}`;
  const claims = useData(key, (signal) => {
    const query = { userId, limit: LISTED };
    return ask(api.GET('/api/event-claims', { params: { query }, signal }));
  });
  const states = useData(key, (signal) => {
    const query: { userId: string; by: 'state'[] } = { userId, by: ['state'] };
    return ask(api.GET('/api/event-claims/summary', { params: { query }, signal }));
  });
  const isRunning = claims.data?.items.some(({ forStaff }) => forStaff?.next.what !== 'NOTHING');
  useEvery(isRunning ? EVERY_MS.running : EVERY_MS.quiet, () => {
    claims.reload();
    states.reload();
  });
  return (
    <Section
      title={player.claims}
      actions={<a href={hrefTo('/console/claims', { userId })}>{player.allClaims}</a>}
    >
      <ul class="chips" aria-label={player.states} aria-live="polite">
        {states.data?.groups.map(
          ({ state, count }) =>
            state && (
              <li key={state}>
                <a href={hrefTo('/console/claims', { userId, state })}>
                  <ClaimStateBadge state={state} /> {number(count)}
                </a>
              </li>
            ),
        )}
      </ul>
      <LoadedPart of={claims}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="empty">{player.noClaims}</p>
          ) : (
            <Table
              caption={player.claims}
              columns={columns()}
              rows={items}
              rowKey={({ claimId }) => claimId}
            />
          )
        }
      </LoadedPart>
    </Section>
  );
}

function columns(): Column<Claim>[] {
  const { claims, words } = t();
  return [
    {
      title: claims.rewards,
      cell: ({ claimId, lines }) => (
        <a href={`/console/claims/${encodeURIComponent(claimId)}`}>
          {lines.map(({ name }) => name).join(', ')}
        </a>
      ),
    },
    { title: claims.event, cell: ({ eventId }) => <EventName eventId={eventId} /> },
    { title: claims.state, cell: ({ state }) => <ClaimStateBadge state={state} /> },
    { title: claims.reason, cell: ({ reason }) => reason && wordFor(words.reason, reason) },
    { title: claims.periodKey, cell: ({ periodKey }) => <code>{periodKey}</code> },
    { title: claims.created, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
