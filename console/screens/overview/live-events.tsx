import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import { number } from '../../app/format.ts';
import { hrefTo } from '../../app/router.ts';
import { can } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import type { Overview } from '../../app/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { StockBar, StockCurve, useStockHistory } from './stock-charts.tsx';

/** So many events are shown at once; the others are folded away. */
const OPEN_EVENTS = 10;

type LiveEvent = Overview['events'][number];
type Reward = LiveEvent['rewards'][number];
type History = ReturnType<typeof useStockHistory>;

/** The events that take claims now, with their stock as it goes down. */
export function LiveEvents({ of }: { of: Overview }) {
  const { overview } = t();
  const history = useStockHistory(of);
  const [pausing, setPausing] = useState<LiveEvent>();
  const card = (event: LiveEvent) => (
    <EventCard key={event.eventId} event={event} history={history} onPause={setPausing} />
  );
  const folded = of.events.slice(OPEN_EVENTS);
  return (
    <Section title={overview.events}>
      {of.events.length === 0 && (
        <p class="empty">
          {overview.noEvents} <a href="/console/events">{overview.toEvents}</a>
        </p>
      )}
      {of.events.slice(0, OPEN_EVENTS).map(card)}
      {folded.length > 0 && (
        <Folded title={overview.otherEvents(number(folded.length))} draw={() => folded.map(card)} />
      )}
      {of.moreEvents && (
        <p>
          <a href="/console/events?status=ACTIVE">{overview.moreEvents}</a>
        </p>
      )}
      {pausing && <PauseDialog event={pausing} onClose={() => setPausing(undefined)} />}
    </Section>
  );
}

/** What is folded away is not drawn: two hundred events every two seconds would cost too much. */
function Folded(props: { title: string; draw: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.title}</summary>
      {isOpen && <div class="stack">{props.draw()}</div>}
    </details>
  );
}

function EventCard(props: {
  event: LiveEvent;
  history: History;
  onPause: (event: LiveEvent) => void;
}) {
  const { overview } = t();
  const { event, history, onPause } = props;
  const { eventId, title, claimableUntil, timeZone, rewards } = event;
  return (
    <article class="card">
      <div class="section-head">
        <h3>
          <a href={`/console/events/${encodeURIComponent(eventId)}`}>{title}</a>
        </h3>
        <div class="actions">
          <a href={hrefTo('/console/claims', { eventId })}>{overview.itsClaims}</a>
          {can('OPERATOR', 'ADMIN') && (
            <button
              type="button"
              class="small"
              aria-label={overview.pauseOf(title)}
              onClick={() => onPause(event)}
            >
              {overview.pause}
            </button>
          )}
        </div>
      </div>
      <p class="quiet">
        {overview.claimableUntil} <Time at={claimableUntil} zone={timeZone} />
      </p>
      <Table
        caption={overview.stockOf(title)}
        rows={rewards}
        rowKey={({ rewardId }) => rewardId}
        columns={[
          { title: overview.reward, cell: ({ name }) => name },
          {
            title: overview.stock,
            cell: (reward) => (
              <Stock reward={reward} curve={history.get(`${eventId} ${reward.rewardId}`)} />
            ),
          },
          {
            title: overview.perMinute,
            isNumber: true,
            cell: ({ perMinute }) => (perMinute === null ? overview.notCounted : number(perMinute)),
          },
          { title: overview.emptyAt, cell: (reward) => <EmptyAt reward={reward} /> },
        ]}
      />
    </article>
  );
}

function Stock({ reward, curve }: { reward: Reward; curve: readonly number[] | undefined }) {
  const { overview } = t();
  const { stock, available, held, granted } = reward;
  if (stock === null) return <>{overview.unlimited}</>;
  if (available === null || held === null || granted === null) return <>{number(stock)}</>;
  return (
    <div class="stock">
      <StockBar stock={stock} held={held} granted={granted} />
      <span>{overview.stockText(number(available), number(stock))}</span>
      <span class="quiet">{overview.stockParts(number(held), number(granted))}</span>
      {curve && <StockCurve values={curve} stock={stock} />}
    </div>
  );
}

function EmptyAt({ reward }: { reward: Reward }) {
  const { overview } = t();
  if (reward.emptyAt) return <Time at={reward.emptyAt} />;
  return <>{reward.available === 0 ? overview.gone : overview.notSoon}</>;
}

function PauseDialog({ event, onClose }: { event: LiveEvent; onClose: () => void }) {
  const { overview } = t();
  const pause = async () => {
    const path = { eventId: event.eventId };
    const body = { status: 'PAUSED' as const };
    const answer = await ask(api.PATCH('/api/events/{eventId}', { params: { path }, body }));
    if (!answer.ok) return answer.problem;
    announce(overview.paused(event.title));
    return undefined;
  };
  return (
    <Confirm
      open
      title={overview.pauseTitle(event.title)}
      action={overview.pauseConfirm}
      onConfirm={pause}
      onClose={onClose}
    >
      <p>{overview.pauseHint}</p>
    </Confirm>
  );
}
