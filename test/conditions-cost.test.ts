/** What judging a condition of twenty leaves costs a claim, counted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Condition } from '../domain/conditions/condition.ts';
import { DAY_MS, dayOf } from '../domain/conditions/player-event.ts';
import type { StoredEvent } from '../store/events/events.ts';
import { startCounted } from './claim-cost.ts';
import { CAPE, DAILY_IN_SEOUL, event } from './helpers.ts';
import type { Laurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

let counted: Awaited<ReturnType<typeof startCounted>>;
let other: StoredEvent;
before(async () => {
  counted = await startCounted({ prepare: doMuch });
  const { laurel, costOfClaim } = counted;
  // Some days are aggregated, so that progress has both of its books to read.
  await laurel.store.progress.days.setFoldedBefore(dayOf(Date.now() - 3 * DAY_MS));
  other = await event(laurel);
  await costOfClaim(other.eventId);
});
after(() => counted.laurel.stop());

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

/** Twenty leaves of every kind that our own books answer. */
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

/** The reads of `some` without those of `base`. */
function beyond(some: string[], base: string[]): string[] {
  const left = [...base];
  return some.filter((read) => {
    const known = left.indexOf(read);
    if (known !== -1) left.splice(known, 1);
    return known === -1;
  });
}

/** Of a reward without a stock: before a claim with a condition is recorded, it is looked what is left. */
const UNLIMITED = { stock: null };

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
    const plain = await counted.leastCostOf(await eventWith(null, UNLIMITED));
    const judged = await counted.leastCostOf(await eventWith(twentyLeaves(MET), UNLIMITED));
    assert.deepEqual([plain.end, judged.end], ['GRANTED', 'GRANTED']);
    assert.deepEqual(beyond(judged.reads, plain.reads).sort(), [
      'aggregate activity_events',
      'aggregate users', // the player, and their grants elsewhere
      'find progress_days',
    ]);
    assert.deepEqual(judged.writes, plain.writes);
    const { historyEvents } = await counted.costOfClaim(await eventWith(twentyLeaves(MET)));
    assert.equal(historyEvents, plain.historyEvents);
  });

  it(`costs so for each of ${CLAIMS} claims of one event`, async () => {
    const eventId = await eventWith(twentyLeaves(MET), { stock: CLAIMS + 1 });
    const judging = /^(aggregate (users|activity_events)|find progress_days|getMore)/;
    let reads = 0;
    for (let n = 0; n < CLAIMS; n++) {
      const claim = await counted.costOfClaim(eventId);
      assert.equal(claim.end, 'GRANTED');
      reads += claim.reads.filter((read) => judging.test(read)).length;
    }
    assert.equal(reads, 3 * CLAIMS);
  });

  it('costs a refused claim the same, and one read of what is left, to tell', async () => {
    const { end, reads } = await counted.costOfClaim(await eventWith(twentyLeaves({ not: MET })));
    assert.equal(end, 'REJECTED / CONDITION_NOT_MET');
    const judging = ['aggregate activity_events', 'aggregate users', 'find progress_days'];
    for (const read of judging) assert.equal(reads.filter((r) => r === read).length, 1, read);
    const stockReads = reads.filter((r) => r === 'aggregate stock_buckets').length;
    assert.equal(stockReads, 2, 'one before it was accepted, one for the explanation');
  });

  it('costs a claim without progress in its condition one read', async () => {
    const plain = await counted.leastCostOf(await eventWith(null, UNLIMITED));
    const age = { metric: 'account.ageDays', atLeast: 0 };
    const judged = await counted.leastCostOf(await eventWith(age, UNLIMITED));
    assert.deepEqual(beyond(judged.reads, plain.reads), ['aggregate users']);
  });
});
