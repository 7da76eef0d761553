/** What one claim costs, and what judging a condition of twenty leaves costs beside it, counted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Condition } from '../../domain/conditions/condition.ts';
import { DAY_MS, dayOf } from '../../domain/conditions/player-event.ts';
import type { EventFields } from '../../domain/events/event.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { startCounted, writesIn } from '../claim-cost.ts';
import { CAPE, DAILY_IN_SEOUL, event, recordOf, workflowOf } from '../helpers.ts';
import type { Laurel } from '../laurel.ts';
import { uniqueName } from '../servers.ts';

let counted: Awaited<ReturnType<typeof startCounted>>;
/** An event whose grants a condition asks about. The claiming players have none of it. */
let other: StoredEvent;
before(async () => {
  counted = await startCounted();
  // The first workflow of a worker is slower than any other: its task may be cut in two.
  other = await event(counted.laurel);
  await counted.costOfClaim(other.eventId);
  // Some days are aggregated, so that progress has both of its collections to read.
  await counted.laurel.store.progress.days.setFoldedBefore(dayOf(Date.now() - 3 * DAY_MS));
});
after(() => counted.laurel.stop());

/** In their order: S0, the hold of S3, the point of no return, the hold into a grant, the end. */
const OF_A_STOCK = [
  'insert claims',
  'update stock_buckets',
  'update claims',
  'update stock_buckets',
  'update claims',
];
/** S0 and the end, which is the point of no return as well. */
const WITHOUT_ONE = ['insert claims', 'update claims'];
const OLD_ENOUGH = { metric: 'account.ageDays', atLeast: 0 };
const UNLIMITED = [{ ...CAPE, stock: null }];

/** What the workflow's one task costs: started, scheduled, taken, the activity's marker, done, closed. */
const HISTORY_EVENTS = 6;

/**
 * The event; the record, by its run; the player for the token, at the run's beginning, and right
 * before its end.
 */
const OWN_READS = ['find claims', 'find events', 'find users', 'find users', 'find users'];

interface CountedWay {
  name: string;
  of: Partial<EventFields>;
  writes: string[];
  reads: string[];
}

const WAYS: CountedWay[] = [
  { name: 'through the mailbox', of: {}, writes: OF_A_STOCK, reads: OWN_READS },
  {
    name: 'through the mailbox, of a reward without a stock',
    of: { rewards: UNLIMITED },
    writes: WITHOUT_ONE,
    reads: OWN_READS,
  },
  {
    name: 'by a game',
    of: { fulfillment: { provider: 'game' } },
    writes: OF_A_STOCK,
    reads: OWN_READS,
  },
  {
    name: 'by a game, of a reward without a stock',
    of: { fulfillment: { provider: 'game' }, rewards: UNLIMITED },
    writes: WITHOUT_ONE,
    reads: OWN_READS,
  },
  {
    name: 'by a game, under a condition',
    of: { fulfillment: { provider: 'game' }, condition: OLD_ENOUGH },
    // The write-ahead: else every claim that is not met would cost the game a call.
    writes: OF_A_STOCK.toSpliced(2, 0, 'findAndModify claims'),
    // What it is judged by; and what is left, as its units are held by its run.
    reads: ['aggregate stock_buckets', 'aggregate users', ...OWN_READS],
  },
];

describe('a granted claim', () => {
  for (const { name, of, writes: ownWrites, reads: ownReads } of WAYS) {
    it(`costs ${ownWrites.length} writes, ${ownReads.length} reads and ${HISTORY_EVENTS} history events: ${name}`, async () => {
      const { laurel, costOfClaim, leastCostOf } = counted;
      const { eventId } = await event(laurel, of);
      await costOfClaim(eventId);
      const { end, historyEvents, reads, writes, transactions } = await leastCostOf(eventId);
      assert.equal(end, 'GRANTED');
      assert.deepEqual(writes, ownWrites);
      assert.deepEqual(reads, ownReads);
      assert.equal(transactions, 0);
      assert.equal(historyEvents, HISTORY_EVENTS);
    });

    it(`costs one write more where it is the very first of its event: ${name}`, async () => {
      const { eventId } = await event(counted.laurel, of);
      const { end, writes, transactions } = await counted.costOfClaim(eventId);
      assert.equal(end, 'GRANTED');
      assert.deepEqual(writes, ['update events', ...ownWrites]);
      assert.equal(transactions, 0);
    });
  }
});

describe('whoever waits for a claim', () => {
  it('reads it once more when the wait begins, and once for each change', async () => {
    const { laurel, commands, costOfClaim } = counted;
    const { eventId } = await event(laurel);
    await costOfClaim(eventId);
    const { token } = await laurel.signIn();
    commands.length = 0;
    const { body } = await laurel.claim(eventId, token, { waitS: 30 });
    assert.equal(body.state, 'GRANTED');
    const reads = commands.filter(({ command }) => command.find === 'claims');
    // Its run, the beginning, and the fate and the end, which may come as one.
    assert.ok(reads.length <= 4, `${reads.length} reads`);
  });
});

describe('a claim that is refused', () => {
  it('for want of units costs three writes, none of them by a run', async () => {
    const { laurel, commands, costOfClaim } = counted;
    const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
    await costOfClaim(eventId);
    const { id, token } = await laurel.signIn();
    commands.length = 0;
    const { status, body } = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([status, body.state, body.reason], [200, 'REJECTED', 'SOLD_OUT']);
    // Two attempts to hold a unit find none.
    const tries = ['update stock_buckets', 'update stock_buckets'];
    assert.deepEqual(writesIn(commands), ['insert claims', ...tries, 'findAndModify claims']);
    const claim = await recordOf(laurel, claimIdOf(id, 'mine'));
    await assert.rejects(workflowOf(laurel, claim).describe(), WorkflowNotFoundError);
  });

  it('by its condition costs two', async () => {
    const { laurel, costOfClaim } = counted;
    const { eventId } = await event(laurel, { condition: { not: OLD_ENOUGH } });
    await costOfClaim(eventId);
    const { end, writes, historyEvents } = await costOfClaim(eventId);
    assert.equal(end, 'REJECTED / CONDITION_NOT_MET');
    assert.deepEqual(writes, ['insert claims', 'findAndModify claims']);
    assert.equal(historyEvents, HISTORY_EVENTS);
  });
});

/** COST_CLAIMS sets how many; `npm test` takes fewer than an event has. */
const CLAIMS = Number(process.env.COST_CLAIMS ?? 10);

/** More than the driver reads at once unless it is told otherwise: of today, and of days long past. */
async function doMuch({ store }: Laurel, userId: string): Promise<void> {
  const now = Date.now();
  const many = Array.from({ length: 150 }, (_, n) => {
    const of = { userId, metric: 'quest.0', key: `other-${n}` };
    const today = new Date(now - 60_000 * n).toISOString();
    const past = new Date(now - DAY_MS * 10 - 60_000 * n).toISOString();
    return [today, past].map((at) => ({ id: uniqueName('act'), ...of, at }));
  });
  const { accepted } = await store.progress.ingest(many.flat(), new Date(now));
  assert.equal(accepted, 300);
}

/** Twenty leaves of every kind that our own records answer. */
function twentyLeaves(last: Condition): Condition {
  const windows = ['EVENT', 'PERIOD', 'ALL_TIME'] as const;
  const counters = Array.from({ length: 12 }, (_, n): Condition => {
    const window = windows[n % 3] ?? 'EVENT';
    return { metric: `quest.${n % 5}`, key: `k-${n}`, atMost: 0, window };
  });
  const others: Condition[] = [
    { not: { metric: 'level', atLeast: 1 } },
    { not: { metric: 'rank', atLeast: 1, window: 'PERIOD' } },
    { metric: 'login.streak', atMost: 9 },
    { metric: 'account.ageDays', atLeast: 0 },
    { metric: 'event.granted', key: other.eventId, atLeast: 0 },
    { metric: 'event.granted', key: 'evt_else', atLeast: 0, window: 'EVENT' },
    { metric: 'time.between', key: '00:00-24:00', equals: 1 },
  ];
  return { all: [{ all: counters }, { all: others }, last] };
}

const MET: Condition = { metric: 'boss.killed', atMost: 0 };

/** The reads in `some` that `base` does not have. */
function beyond(some: string[], base: string[]): string[] {
  const left = [...base];
  return some.filter((read) => {
    const known = left.indexOf(read);
    if (known !== -1) left.splice(known, 1);
    return known === -1;
  });
}

/** A reward without a stock. With one, a claim with a condition costs a read of the stock before it is recorded. */
const NO_STOCK = { stock: null };

async function eventWith(
  condition: Condition | null,
  { stock = 10 }: { stock?: number | null } = {},
) {
  const period = DAILY_IN_SEOUL;
  const { eventId } = await event(counted.laurel, {
    condition,
    period,
    rewards: [{ ...CAPE, stock }],
  });
  // The first claim of an event costs a write of its own.
  await counted.costOfClaim(eventId);
  return eventId;
}

describe('judging a condition of twenty leaves', () => {
  it('costs a granted claim three reads, no write and no event of its history', async () => {
    const plain = await counted.leastCostOf(await eventWith(null, NO_STOCK), doMuch);
    const judged = await counted.leastCostOf(await eventWith(twentyLeaves(MET), NO_STOCK), doMuch);
    assert.deepEqual([plain.end, judged.end], ['GRANTED', 'GRANTED']);
    assert.deepEqual(beyond(judged.reads, plain.reads).sort(), [
      'aggregate activity_events',
      'aggregate users', // the player, and their grants elsewhere
      'find progress_days',
    ]);
    assert.deepEqual(judged.writes, plain.writes);
    const { historyEvents } = await counted.costOfClaim(await eventWith(twentyLeaves(MET)), doMuch);
    assert.equal(historyEvents, plain.historyEvents);
  });

  it(`costs so for each of ${CLAIMS} claims of one event`, async () => {
    const eventId = await eventWith(twentyLeaves(MET), { stock: CLAIMS + 1 });
    const judging = /^(aggregate (users|activity_events)|find progress_days|getMore)/;
    let reads = 0;
    for (let n = 0; n < CLAIMS; n++) {
      const claim = await counted.costOfClaim(eventId, doMuch);
      assert.equal(claim.end, 'GRANTED');
      reads += claim.reads.filter((read) => judging.test(read)).length;
    }
    assert.equal(reads, 3 * CLAIMS);
  });

  it('costs a refused claim the same, and one read of what is left, to tell', async () => {
    const { end, reads } = await counted.costOfClaim(
      await eventWith(twentyLeaves({ not: MET })),
      doMuch,
    );
    assert.equal(end, 'REJECTED / CONDITION_NOT_MET');
    const judging = ['aggregate activity_events', 'aggregate users', 'find progress_days'];
    for (const read of judging) assert.equal(reads.filter((r) => r === read).length, 1, read);
    const stockReads = reads.filter((r) => r === 'aggregate stock_buckets').length;
    assert.equal(stockReads, 2, 'one before it was accepted, one for the explanation');
  });

  it('costs a claim without progress in its condition one read', async () => {
    const plain = await counted.leastCostOf(await eventWith(null, NO_STOCK), doMuch);
    const age = { metric: 'account.ageDays', atLeast: 0 };
    const judged = await counted.leastCostOf(await eventWith(age, NO_STOCK), doMuch);
    assert.deepEqual(beyond(judged.reads, plain.reads), ['aggregate users']);
  });
});
