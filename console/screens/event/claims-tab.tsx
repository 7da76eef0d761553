import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { hrefTo } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import { ClaimStateBadge } from '../../parts/badge.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import type { GameEvent } from '../events/types.ts';

/** The event's claims by state and reason; each row leads to the list of these. */
export function ClaimsTab({ event: { eventId } }: { event: GameEvent }) {
  const { claims, event: texts, words } = t();
  const summary = useData(eventId, (signal) =>
    ask(
      api.GET('/api/event-claims/summary', {
        params: { query: { eventId, by: ['state', 'reason'] } },
        signal,
      }),
    ),
  );
  return (
    <Section
      title={texts.byCause}
      actions={<a href={hrefTo('/console/claims', { eventId })}>{texts.allClaims}</a>}
    >
      <LoadedPart of={summary}>
        {({ groups }) =>
          groups.length === 0 ? (
            <p class="empty">
              {texts.noClaims} {texts.noClaimsHint}
            </p>
          ) : (
            <Table
              caption={texts.byCause}
              rows={groups}
              rowKey={({ state, reason }) => `${state} ${reason}`}
              columns={[
                {
                  title: texts.state,
                  cell: ({ state, reason }) => (
                    <a href={hrefTo('/console/claims', { eventId, state, reason })}>
                      {state && <ClaimStateBadge state={state} />}
                    </a>
                  ),
                },
                {
                  title: claims.reason,
                  cell: ({ reason }) => reason && wordFor(words.reason, reason),
                },
                { title: texts.count, cell: ({ count }) => number(count), isNumber: true },
                { title: texts.oldest, cell: ({ oldestAt }) => <Time at={oldestAt} /> },
              ]}
            />
          )
        }
      </LoadedPart>
    </Section>
  );
}
