import { number } from '../../app/format.ts';
import { hrefTo } from '../../app/router.ts';
import { can } from '../../app/session.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Overview } from '../../app/types.ts';
import { Badge } from '../../parts/badge.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

/** What needs a person now: first whether anything does, then the parked claims by cause. */
export function Attention({ of }: { of: Overview }) {
  const { overview } = t();
  const { attention, parked } = of;
  return (
    <>
      <Section title={overview.attention}>
        {attention.length === 0 && <p class="note good">{overview.nothing}</p>}
        {attention.length > 0 && (
          <ul class="plain-list stack">
            {attention.map((what) => (
              <li key={what} class="note warn">
                <strong>{overview.attentionText[what]}</strong>{' '}
                {what === 'CLAIMS_PARKED' && overview.parkedCount(number(parked.count))}
              </li>
            ))}
          </ul>
        )}
        {parked.count > 0 && <ParkedGroups of={of} />}
      </Section>
      <AddsUp of={of.reconciliation} />
    </>
  );
}

type Group = NonNullable<Overview['parked']['groups']>[number];

/** Each cause leads to the list of its claims, where they are retried or aborted together. */
function ParkedGroups({ of }: { of: Overview }) {
  const { overview } = t();
  const { groups } = of.parked;
  if (!groups) {
    return (
      <p>
        {overview.tooMany} <a href="/console/claims?state=NEEDS_ATTENTION">{overview.allParked}</a>
      </p>
    );
  }
  const titles = new Map(of.events.map(({ eventId, title }) => [eventId, title]));
  return (
    <Table
      caption={overview.byCause}
      rows={groups}
      rowKey={({ reason, eventId, provider }) => `${reason} ${eventId} ${provider}`}
      columns={[
        { title: overview.reason, cell: (group) => <CauseLink group={group} /> },
        { title: overview.claims, cell: ({ count }) => number(count), isNumber: true },
        { title: overview.oldest, cell: ({ oldestAt }) => <Time at={oldestAt} /> },
        {
          title: overview.event,
          cell: ({ eventId }) => <KnownEvent eventId={eventId} title={titles.get(eventId)} />,
        },
        { title: overview.provider, cell: ({ provider }) => <code>{provider}</code> },
      ]}
    />
  );
}

function CauseLink({ group }: { group: Group }) {
  const { common, words } = t();
  const { reason, eventId, provider } = group;
  const filter = { state: 'NEEDS_ATTENTION', reason, eventId, provider };
  return (
    <a href={hrefTo('/console/claims', filter)}>
      {reason ? wordFor(words.reason, reason) : common.none}
    </a>
  );
}

/** The overview has the titles of live events; those of others are asked for. */
function KnownEvent({ eventId, title }: { eventId: string; title: string | undefined }) {
  if (title === undefined) return <EventName eventId={eventId} />;
  return <a href={`/console/events/${encodeURIComponent(eventId)}`}>{title}</a>;
}

/** Whether everything adds up, with the last run of reconciliation. */
function AddsUp({ of }: { of: Overview['reconciliation'] }) {
  const { overview } = t();
  const { addsUp, isLate, lastRun } = of;
  return (
    <Section
      title={overview.reconciliation}
      actions={
        can('AUDITOR', 'ADMIN') && <a href="/console/reconciliation">{overview.toReconciliation}</a>
      }
    >
      <p>
        <Badge tone={addsUp ? 'good' : 'bad'}>
          {addsUp ? overview.addsUp : overview.addsUpNot}
        </Badge>{' '}
        {isLate && <Badge tone="warn">{overview.isLate}</Badge>}{' '}
        {lastRun && lastRun.failures > 0 && (
          <Badge tone="warn">{overview.failures(number(lastRun.failures))}</Badge>
        )}
      </p>
      <p class="quiet">
        {lastRun ? (
          <>
            {overview.lastRun} <Time at={lastRun.endedAt} />
          </>
        ) : (
          overview.noRun
        )}
      </p>
    </Section>
  );
}
