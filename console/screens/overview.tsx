import { number, shortDateTime } from '../app/format.ts';
import { type Live, useLive } from '../app/live.ts';
import { hrefTo } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { ClaimState, Overview as OverviewBody } from '../app/types.ts';
import { Badge, ClaimStateBadge } from '../parts/badge.tsx';
import { Loading } from '../parts/loaded.tsx';
import { Page, Section } from '../parts/page.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { Attention } from './overview/attention.tsx';
import { LiveEvents } from './overview/live-events.tsx';

/** The server says something every two seconds; three times nothing, and it is gone. */
const SILENT_AFTER_MS = 6_000;

/** What needs a person now, what goes on, and what became of the last hour's claims. */
export function Overview() {
  const { overview } = t();
  const live = useLive<OverviewBody>('/api/overview/stream', () => false, SILENT_AFTER_MS);
  const { data, problem } = live;
  return (
    <Page title={overview.title} actions={<Freshness of={live} />}>
      {problem && <ProblemNote problem={problem} />}
      {!data && !problem && <Loading />}
      {data && (
        <>
          <Attention of={data} />
          <LiveEvents of={data} />
          <LastHour of={data} />
          <Providers of={data} />
        </>
      )}
    </Page>
  );
}

/** Whether what is shown is live, and from when it is if it is not. */
function Freshness({ of }: { of: Live<OverviewBody> }) {
  const { overview } = t();
  const { data, stale, heardAt } = of;
  if (!data) return null;
  return (
    <span role="status">
      {stale ? (
        <Badge tone="warn">{overview.stale(shortDateTime(heardAt ?? data.at))}</Badge>
      ) : (
        <Badge tone="good">{overview.live}</Badge>
      )}
    </span>
  );
}

function LastHour({ of }: { of: OverviewBody }) {
  const { overview, words } = t();
  const { since, states, reasons } = of.claims;
  // To the minute, so that the links stay the same from one look to the next.
  const from = `${since.slice(0, 16)}:00Z`;
  return (
    <Section title={overview.lastHour}>
      {!states && <p class="quiet">{overview.tooMany}</p>}
      {states && Object.keys(states).length === 0 && <p class="empty">{overview.noClaims}</p>}
      {states && <StateChips states={states} filter={{ from }} />}
      {reasons && reasons.length > 0 && (
        <Table
          caption={overview.reasons}
          rows={reasons}
          rowKey={({ state, reason }) => `${state} ${reason}`}
          columns={[
            {
              title: overview.reason,
              cell: ({ state, reason }) => (
                <a href={hrefTo('/console/claims', { state, reason, from })}>
                  {wordFor(words.reason, reason)}
                </a>
              ),
            },
            { title: overview.state, cell: ({ state }) => <ClaimStateBadge state={state} /> },
            { title: overview.claims, cell: ({ count }) => number(count), isNumber: true },
          ]}
        />
      )}
    </Section>
  );
}

/** How many claims are in each state; each leads to these. */
function StateChips(props: {
  states: Partial<Record<ClaimState, number>>;
  filter: Record<string, string>;
}) {
  const entries = Object.entries(props.states) as [ClaimState, number][];
  return (
    <ul class="chips">
      {entries.map(([state, count]) => (
        <li key={state}>
          <a href={hrefTo('/console/claims', { state, ...props.filter })}>
            <ClaimStateBadge state={state} /> {number(count)}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Providers({ of }: { of: OverviewBody }) {
  const { overview } = t();
  const from = `${of.claims.since.slice(0, 16)}:00Z`;
  return (
    <Section title={overview.providers}>
      <Table
        caption={overview.providers}
        rows={of.providers}
        rowKey={({ provider }) => provider}
        columns={[
          { title: overview.provider, cell: ({ provider }) => <code>{provider}</code> },
          {
            title: overview.parked,
            isNumber: true,
            cell: ({ provider, parked }) =>
              parked ? (
                <a href={hrefTo('/console/claims', { state: 'NEEDS_ATTENTION', provider })}>
                  {number(parked)}
                </a>
              ) : (
                (parked ?? overview.tooManyShort)
              ),
          },
          {
            title: overview.oldest,
            cell: ({ oldestParkedAt }) => oldestParkedAt && <Time at={oldestParkedAt} />,
          },
          {
            title: overview.lastHour,
            cell: ({ provider, lastHour }) =>
              lastHour &&
              Object.keys(lastHour).length > 0 && (
                <StateChips states={lastHour} filter={{ provider, from }} />
              ),
          },
        ]}
      />
    </Section>
  );
}
