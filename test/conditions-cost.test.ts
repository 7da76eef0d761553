/** What judging a condition of twenty leaves costs a claim, counted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { mongo } from 'mongoose';
import { DAY_MS, dayOf } from '../domain/activity.ts';
import type { Condition } from '../domain/condition.ts';
import { claimIdOf } from '../store/claims.ts';
import type { StoredEvent } from '../store/events.ts';
import { CAPE, DAILY_IN_SEOUL, event, recordOf, runThere } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
let other: StoredEvent;
const commands: mongo.CommandStartedEvent[] = [];
before(async () => {
  laurel = await startLaurel({ mongodbOptions: '&monitorCommands=true' });
  laurel.database.getClient().on('commandStarted', (started) => commands.push(started));
  // Some days are aggregated, so that progress has both of its books to read.
  await laurel.store.progress.days.setFoldedBefore(dayOf(Date.now() - 3 * DAY_MS));
  other = await event(laurel);
  await costOfClaim(other.eventId);
});
after(() => laurel.stop());

const READS = ['find', 'aggregate', 'count', 'distinct', 'getMore'];
const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'bulkWrite'];

/**
 * What comes once in a while for all claims together, and not with each: the change stream of the
 * waiting players, and how far progress is aggregated, which is read once a minute.
 */
function isShared({ commandName, command }: mongo.CommandStartedEvent): boolean {
  const isStream =
    command.pipeline?.[0]?.$changeStream !== undefined ||
    (commandName === 'getMore' && command.collection === 'claims');
  return isStream || command[commandName] === 'progress_state';
}

const named = (of: string[]) =>
  commands
    .filter((started) => of.includes(started.commandName) && !isShared(started))
    .map(({ commandName, command }) => `${commandName} ${command[commandName]}`);

/** COST_CLAIMS sets how many; `npm test` takes fewer than an event has. */
const CLAIMS = Number(process.env.COST_CLAIMS ?? 10);

/** More than the driver reads at once unless it is told otherwise: of today, and of days long past. */
async function doMuch(userId: string): Promise<void> {
  const now = Date.now();
  const many = Array.from({ length: 150 }, (_, n) => {
    const of = { userId, metric: 'quest.0', key: `other-${n}` };
    const today = new Date(now - 60_000 * n).toISOString();
    const past = new Date(now - DAY_MS * 10 - 60_000 * n).toISOString();
    return [today, past].map((at) => ({ id: uniqueName('act'), ...of, at }));
  });
  const { accepted } = await laurel.store.progress.ingest(many.flat(), new Date(now));
  assert.equal(accepted, 300);
}

/** Makes one claim, and waits at Temporal for its run's end: that asks nothing of MongoDB. */
async function costOfClaim(eventId: string) {
  const { id, token } = await laurel.signIn();
  await doMuch(id);
  const key = uniqueName('key');
  commands.length = 0;
  await laurel.claim(eventId, token, { key });
  const run = await runThere(laurel, { userId: id, idempotencyKey: key });
  await run.result();
  const [reads, writes] = [named(READS), named(WRITES)];
  const { state, reason } = await recordOf(laurel, claimIdOf(id, key));
  const { events } = await run.fetchHistory();
  const end = reason === null ? state : `${state} / ${reason}`;
  return { end, reads, writes, historyEvents: events?.length ?? 0 };
}

/** The cheapest of three claims: what judging costs is in each, what a busy machine adds is not. */
async function leastCostOf(eventId: string) {
  const costs = [
    await costOfClaim(eventId),
    await costOfClaim(eventId),
    await costOfClaim(eventId),
  ];
  return costs.reduce((least, cost) => (cost.reads.length < least.reads.length ? cost : least));
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
  const { eventId } = await event(laurel, {
    condition,
    period,
    rewards: [{ ...CAPE, stock }],
  });
  // The first claim of an event costs a write of its own.
  await costOfClaim(eventId);
  return eventId;
}

describe('judging a condition of twenty leaves', () => {
  it('costs a granted claim three reads, no write and no event of its history', async () => {
    const plain = await leastCostOf(await eventWith(null, UNLIMITED));
    const judged = await leastCostOf(await eventWith(twentyLeaves(MET), UNLIMITED));
    assert.deepEqual([plain.end, judged.end], ['GRANTED', 'GRANTED']);
    assert.deepEqual(beyond(judged.reads, plain.reads).sort(), [
      'aggregate activity_events',
      'aggregate users', // the player, and their grants elsewhere
      'find progress_days',
    ]);
    assert.deepEqual(judged.writes, plain.writes);
    const { historyEvents } = await costOfClaim(await eventWith(twentyLeaves(MET)));
    assert.equal(historyEvents, plain.historyEvents);
  });

  it(`costs so for each of ${CLAIMS} claims of one event`, async () => {
    const eventId = await eventWith(twentyLeaves(MET), { stock: CLAIMS + 1 });
    const judging = /^(aggregate (users|activity_events)|find progress_days|getMore)/;
    let reads = 0;
    for (let n = 0; n < CLAIMS; n++) {
      const claim = await costOfClaim(eventId);
      assert.equal(claim.end, 'GRANTED');
      reads += claim.reads.filter((read) => judging.test(read)).length;
    }
    assert.equal(reads, 3 * CLAIMS);
  });

  it('costs a refused claim the same, and one read of what is left, to tell', async () => {
    const { end, reads } = await costOfClaim(await eventWith(twentyLeaves({ not: MET })));
    assert.equal(end, 'REJECTED / CONDITION_NOT_MET');
    const judging = ['aggregate activity_events', 'aggregate users', 'find progress_days'];
    for (const read of judging) assert.equal(reads.filter((r) => r === read).length, 1, read);
    const stockReads = reads.filter((r) => r === 'aggregate stock_buckets').length;
    assert.equal(stockReads, 2, 'one before it was accepted, one for the explanation');
  });

  it('costs a claim without progress in its condition one read', async () => {
    const plain = await leastCostOf(await eventWith(null, UNLIMITED));
    const age = { metric: 'account.ageDays', atLeast: 0 };
    const judged = await leastCostOf(await eventWith(age, UNLIMITED));
    assert.deepEqual(beyond(judged.reads, plain.reads), ['aggregate users']);
  });
});
