import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { hrefWith } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import { ClaimStateBadge } from '../../parts/badge.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import type { ClaimFilter } from './filter.ts';

type Field = 'state' | 'reason' | 'eventId' | 'provider';

function useSummary(filter: ClaimFilter, by: Field[]) {
  const asked = { ...filter, by };
  return useData(JSON.stringify(asked), (signal) =>
    ask(
      api.GET('/api/event-claims/summary', {
        params: { query: asked },
        signal,
      }),
    ),
  );
}

/** How many claims are in each state; each leads to the list of these. */
export function StateGroups({ filter }: { filter: ClaimFilter }) {
  const summary = useSummary(filter, ['state']);
  return (
    <LoadedPart of={summary}>
      {({ groups }) => (
        <ul class="chips">
          {groups.map(
            ({ state, count }) =>
              state && (
                <li key={state}>
                  <a href={hrefWith({ state })}>
                    <ClaimStateBadge state={state} /> {number(count)}
                  </a>
                </li>
              ),
          )}
        </ul>
      )}
    </LoadedPart>
  );
}

/** The parked claims by cause, the largest group first; each leads to the list of these. */
export function CauseGroups({ filter }: { filter: ClaimFilter }) {
  const { claims, words } = t();
  const parked: ClaimFilter = { ...filter, state: 'NEEDS_ATTENTION' };
  const summary = useSummary(parked, ['reason', 'eventId', 'provider']);
  return (
    <Section title={claims.groups}>
      <LoadedPart of={summary}>
        {({ groups }) =>
          groups.length === 0 ? (
            <p class="empty">{claims.noGroups}</p>
          ) : (
            <Table
              caption={claims.groups}
              rows={groups}
              rowKey={({ reason, eventId, provider }) => `${reason} ${eventId} ${provider}`}
              columns={[
                {
                  title: claims.reason,
                  cell: ({ reason = null, eventId = null, provider = null }) => (
                    <a href={hrefWith({ state: 'NEEDS_ATTENTION', reason, eventId, provider })}>
                      {reason ? wordFor(words.reason, reason) : t().common.none}
                    </a>
                  ),
                },
                {
                  title: claims.event,
                  cell: ({ eventId }) => eventId && <EventName eventId={eventId} />,
                },
                { title: claims.provider, cell: ({ provider }) => provider },
                {
                  title: claims.groupCount,
                  cell: ({ count }) => number(count),
                  isNumber: true,
                },
                { title: claims.groupOldest, cell: ({ oldestAt }) => <Time at={oldestAt} /> },
              ]}
            />
          )
        }
      </LoadedPart>
    </Section>
  );
}
