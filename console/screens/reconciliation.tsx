import { useState } from 'preact/hooks';
import { api, ask } from '../app/api.ts';
import { useData, useEvery } from '../app/data.ts';
import { duration, number } from '../app/format.ts';
import { t } from '../app/text/index.ts';
import type { ReconciliationRun, RewardLevels } from '../app/types.ts';
import { Badge } from '../parts/badge.tsx';
import { LoadedPart } from '../parts/loaded.tsx';
import { Page, Section } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

/** A run starts every minute unless set otherwise; in milliseconds. */
const READ_EVERY_MS = 15_000;

/** Whether everything adds up: in one sentence, then by run and by reward. */
export function Reconciliation() {
  const { reconciliation } = t();
  const found = useData('reconciliation', (signal) =>
    ask(api.GET('/api/reconciliation', { signal })),
  );
  useEvery(READ_EVERY_MS, found.reload);
  return (
    <Page title={reconciliation.title}>
      <LoadedPart of={found}>
        {({ addsUp, runs, invariant }) => (
          <>
            <p class={`note ${addsUp ? 'good' : 'bad'}`} role="status">
              <strong>{addsUp ? reconciliation.addsUp : reconciliation.addsUpNot}</strong>{' '}
              {addsUp ? reconciliation.addsUpHint : reconciliation.addsUpNotHint}
            </p>
            <Rewards of={invariant} />
            <Runs of={runs} />
          </>
        )}
      </LoadedPart>
    </Page>
  );
}

/** Rewards whose units do not add up stand open; the others are folded away, as they may be many. */
function Rewards({ of }: { of: readonly RewardLevels[] }) {
  const { reconciliation } = t();
  const [isOpen, setOpen] = useState(of.length <= 20);
  const broken = of.filter(({ holds }) => !holds);
  return (
    <Section title={reconciliation.rewards}>
      <p class="quiet">{reconciliation.invariant}</p>
      {of.length === 0 && <p class="empty">{reconciliation.noRewards}</p>}
      {broken.length > 0 && <RewardTable caption={reconciliation.broken} of={broken} />}
      {of.length > broken.length && (
        <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{reconciliation.whole(number(of.length - broken.length))}</summary>
          {isOpen && (
            <RewardTable caption={reconciliation.rewards} of={of.filter(({ holds }) => holds)} />
          )}
        </details>
      )}
    </Section>
  );
}

function RewardTable(props: { caption: string; of: readonly RewardLevels[] }) {
  const { reconciliation } = t();
  const units = (title: string, of: (row: RewardLevels) => number): Column<RewardLevels> => ({
    title,
    cell: (row) => number(of(row)),
    isNumber: true,
  });
  return (
    <Table
      caption={props.caption}
      rows={props.of}
      rowKey={({ eventId, rewardId }) => `${eventId} ${rewardId}`}
      columns={[
        {
          title: reconciliation.event,
          cell: ({ eventId, title }) => (
            <a href={`/console/events/${encodeURIComponent(eventId)}`}>{title || eventId}</a>
          ),
        },
        { title: reconciliation.reward, cell: ({ rewardId }) => <code>{rewardId}</code> },
        units(reconciliation.stock, ({ stock }) => stock),
        units(reconciliation.available, ({ available }) => available),
        units(reconciliation.held, ({ held }) => held),
        units(reconciliation.granted, ({ granted }) => granted),
        {
          title: reconciliation.result,
          cell: ({ holds }) => (
            <Badge tone={holds ? 'good' : 'bad'}>
              {holds ? reconciliation.holds : reconciliation.holdsNot}
            </Badge>
          ),
        },
      ]}
    />
  );
}

function Runs({ of }: { of: readonly ReconciliationRun[] }) {
  const { reconciliation } = t();
  return (
    <Section title={reconciliation.runs}>
      {of.length === 0 ? (
        <p class="empty">{reconciliation.noRuns}</p>
      ) : (
        <Table
          caption={reconciliation.runs}
          rows={of}
          rowKey={({ startedAt }) => startedAt}
          columns={runColumns()}
        />
      )}
    </Section>
  );
}

function runColumns(): Column<ReconciliationRun>[] {
  const { reconciliation } = t();
  return [
    { title: reconciliation.startedAt, cell: ({ startedAt }) => <Time at={startedAt} /> },
    {
      title: reconciliation.took,
      cell: ({ startedAt, endedAt }) => duration(Date.parse(endedAt) - Date.parse(startedAt)),
    },
    { title: reconciliation.mended, cell: ({ mended }) => <Mended of={mended} /> },
    {
      title: reconciliation.failures,
      cell: ({ failures }) =>
        failures === 0 ? number(0) : <Badge tone="warn">{number(failures)}</Badge>,
      isNumber: true,
    },
    {
      title: reconciliation.unbalanced,
      cell: ({ unbalanced }) =>
        unbalanced.length === 0
          ? t().common.none
          : unbalanced.map((bucket) => (
              <div key={bucket}>
                <code>{bucket}</code>
              </div>
            )),
    },
  ];
}

function Mended({ of }: { of: ReconciliationRun['mended'] }) {
  const { reconciliation, common } = t();
  const names = Object.keys(of) as (keyof ReconciliationRun['mended'])[];
  const mended = names.filter((name) => of[name] > 0);
  if (mended.length === 0) return <span class="quiet">{common.none}</span>;
  return (
    <ul class="plain-list">
      {mended.map((name) => (
        <li key={name}>{reconciliation.mendedText[name](number(of[name]))}</li>
      ))}
    </ul>
  );
}
