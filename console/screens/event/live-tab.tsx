import { useState } from 'preact/hooks';
import { api, ask } from '../../app/api.ts';
import { useData, useEvery } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { useLive } from '../../app/live.ts';
import { can } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import type { ClaimState } from '../../app/types.ts';
import { ClaimStateBadge } from '../../parts/badge.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import type { EventStats, GameEvent, Reward } from '../events/types.ts';
import { AddStock } from './add-stock.tsx';

/** How often the numbers are read, in milliseconds: as often as the overview's stream is made. */
const READ_EVERY_MS = 2_000;

/** What this screen reads of the overview. */
interface Overview {
  events: { eventId: string; rewards: Rate[] }[];
}

/** How fast a reward goes, as the server has counted it. */
interface Rate {
  rewardId: string;
  perMinute: number | null;
  emptyAt: string | null;
}

/** A reward with its numbers of this moment. */
interface Row extends Reward {
  levels: EventStats['rewards'][number] | undefined;
  rate: Rate | undefined;
}

/** How the event stands now: stock, how fast it goes, claims by state. */
export function LiveTab({ event, reload }: { event: GameEvent; reload: () => void }) {
  const { event: texts } = t();
  const { eventId } = event;
  const stats = useData(eventId, (signal) =>
    ask(api.GET('/api/events/{eventId}/stats', { params: { path: { eventId } }, signal })),
  );
  useEvery(READ_EVERY_MS, stats.reload);
  const isActive = event.status === 'ACTIVE';
  const live = useLive<Overview>(isActive ? '/api/overview/stream' : null, () => false);
  const rates = live.data?.events.find((shown) => shown.eventId === eventId)?.rewards;
  const refresh = () => {
    stats.reload();
    reload();
  };
  return (
    <>
      {live.stale && <p class="note warn">{texts.stale}</p>}
      {!isActive && <p class="note">{texts.notLive}</p>}
      <LoadedPart of={stats}>
        {(value) => (
          <>
            <Stock event={event} stats={value} rates={rates} refresh={refresh} />
            <States eventId={eventId} claims={value.claims} />
          </>
        )}
      </LoadedPart>
    </>
  );
}

function Stock(props: {
  event: GameEvent;
  stats: EventStats;
  rates: Rate[] | undefined;
  refresh: () => void;
}) {
  const { event, stats, rates, refresh } = props;
  const { event: texts } = t();
  const [adding, setAdding] = useState<Reward>();
  const rows = event.rewards.map((reward) => ({
    ...reward,
    levels: stats.rewards.find(({ rewardId }) => rewardId === reward.rewardId),
    rate: rates?.find(({ rewardId }) => rewardId === reward.rewardId),
  }));
  return (
    <Section title={texts.rewards}>
      <Table
        caption={texts.rewards}
        columns={stockColumns(setAdding)}
        rows={rows}
        rowKey={({ rewardId }) => rewardId}
      />
      {adding && (
        <AddStock
          eventId={event.eventId}
          reward={adding}
          onAdded={refresh}
          onClose={() => setAdding(undefined)}
        />
      )}
    </Section>
  );
}

function stockColumns(onAdd: (reward: Reward) => void): Column<Row>[] {
  const { event: texts, events } = t();
  const units = (value: number | null | undefined) =>
    value === null ? events.unlimited : value !== undefined && number(value);
  const columns: Column<Row>[] = [
    { title: texts.reward, cell: ({ name, rewardId }) => <RewardName {...{ name, rewardId }} /> },
    { title: texts.stock, cell: ({ levels }) => units(levels?.stock), isNumber: true },
    { title: texts.available, cell: ({ levels }) => units(levels?.available), isNumber: true },
    { title: texts.level, cell: ({ levels, name }) => <Level levels={levels} name={name} /> },
    { title: texts.held, cell: ({ levels }) => units(levels?.held), isNumber: true },
    { title: texts.granted, cell: ({ levels }) => units(levels?.granted), isNumber: true },
    {
      title: texts.rate,
      cell: ({ rate }) => rate && rate.perMinute !== null && number(rate.perMinute),
      isNumber: true,
    },
    { title: texts.emptyAt, cell: (row) => <EmptyAt row={row} /> },
  ];
  if (!can('OPERATOR', 'ADMIN')) return columns;
  const cell = (row: Row) =>
    row.levels &&
    row.levels.stock !== null && (
      <button type="button" class="small" onClick={() => onAdd(row)}>
        {texts.addStock}
        <span class="unseen"> {row.name}</span>
      </button>
    );
  return [...columns, { title: texts.addStockAction, cell }];
}

function RewardName({ name, rewardId }: { name: string; rewardId: string }) {
  return (
    <>
      {name} <code class="quiet">{rewardId}</code>
    </>
  );
}

/** The stock's fill as a bar; its numbers are beside it. */
function Level({ levels, name }: { levels: Row['levels']; name: string }) {
  if (!levels || levels.stock === null || levels.available === null) return null;
  return (
    <progress
      value={levels.available}
      max={levels.stock || 1}
      aria-label={`${t().event.level}: ${name}`}
    />
  );
}

function EmptyAt({ row: { levels, rate } }: { row: Row }) {
  const { event: texts } = t();
  if (levels?.available === 0) return <strong>{texts.soldOut}</strong>;
  if (rate?.emptyAt) return <Time at={rate.emptyAt} />;
  return rate && levels?.stock !== null ? <span class="quiet">{texts.neverEmpty}</span> : null;
}

function States({ eventId, claims }: { eventId: string; claims: EventStats['claims'] }) {
  const { event: texts } = t();
  const states = Object.entries(claims) as [ClaimState, number][];
  return (
    <Section title={texts.byState}>
      {states.length === 0 ? (
        <p class="empty">
          {texts.noClaims} {texts.noClaimsHint}
        </p>
      ) : (
        <ul class="chips">
          {states.map(([state, count]) => (
            <li key={state}>
              <a href={`/console/claims?${new URLSearchParams({ eventId, state })}`}>
                <ClaimStateBadge state={state} /> {number(count)}
              </a>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
