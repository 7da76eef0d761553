/** What one claim costs, counted: the promise of `performance.md`. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { mongo } from 'mongoose';
import type { EventFields } from '../domain/event.ts';
import { claimIdOf } from '../store/claims.ts';
import { CAPE, event, recordOf, runThere, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
const commands: mongo.CommandStartedEvent[] = [];
before(async () => {
  laurel = await startLaurel({ mongodbOptions: '&monitorCommands=true' });
  laurel.database.getClient().on('commandStarted', (started) => commands.push(started));
  // The first workflow of a worker is slower than any other: its task may be cut in two.
  await costOfClaim((await event(laurel)).eventId);
});
after(() => laurel.stop());

/** Where the statements of a write command stand; a `findAndModify` is one by itself. */
const STATEMENTS: Record<string, string | null> = {
  insert: 'documents',
  update: 'updates',
  delete: 'deletes',
  bulkWrite: 'ops',
  findAndModify: null,
};

/** What asks for documents; what a change stream is asked for is not the claim's. */
const READS = ['find', 'aggregate', 'count', 'distinct'];

/** Each write as `{command} {collection}`, in their order. */
function writesIn(started: mongo.CommandStartedEvent[]): string[] {
  return started.flatMap(({ commandName, command }) => {
    const list = STATEMENTS[commandName];
    if (list === undefined) return [];
    const count = list === null ? 1 : command[list].length;
    return Array.from({ length: count }, () => `${commandName} ${command[commandName]}`);
  });
}

/** Makes one claim, and waits at Temporal until its run is closed: everything it costs is paid then. */
async function costOfClaim(eventId: string, end = 'GRANTED') {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  commands.length = 0;
  await laurel.claim(eventId, token, { key });
  const run = await runThere(laurel, { userId: id, idempotencyKey: key });
  await run.result();
  // What is read from here on is read by the test.
  const paid = [...commands];
  assert.equal((await recordOf(laurel, claimIdOf(id, key))).state, end);
  const { events } = await run.fetchHistory();
  return {
    historyEvents: events?.length ?? 0,
    reads: paid
      .filter(({ commandName }) => READS.includes(commandName))
      .map(({ commandName, command }) => `${commandName} ${command[commandName]}`)
      .toSorted(),
    writes: writesIn(paid),
    transactions: paid.filter(({ command }) => command.autocommit === false).length,
  };
}

/** The cheapest of three claims: on a busy machine the player is read once more. */
async function leastCostOf(eventId: string) {
  const costs = [
    await costOfClaim(eventId),
    await costOfClaim(eventId),
    await costOfClaim(eventId),
  ];
  return costs.reduce((least, cost) => (cost.reads.length < least.reads.length ? cost : least));
}

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
      const { eventId } = await event(laurel, of);
      await costOfClaim(eventId);
      const { historyEvents, reads, writes, transactions } = await leastCostOf(eventId);
      assert.deepEqual(writes, ownWrites);
      assert.deepEqual(reads, ownReads);
      assert.equal(transactions, 0);
      assert.equal(historyEvents, HISTORY_EVENTS);
    });

    it(`costs one write more where it is the very first of its event: ${name}`, async () => {
      const { eventId } = await event(laurel, of);
      const { writes, transactions } = await costOfClaim(eventId);
      assert.deepEqual(writes, ['update events', ...ownWrites]);
      assert.equal(transactions, 0);
    });
  }
});

describe('whoever waits for a claim', () => {
  it('reads it once more when the wait begins, and once for each change', async () => {
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
    const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
    await costOfClaim(eventId);
    const { id, token } = await laurel.signIn();
    commands.length = 0;
    const { status, body } = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([status, body.state, body.reason], [200, 'REJECTED', 'SOLD_OUT']);
    // Two tries at a hold find nothing.
    const tries = ['update stock_buckets', 'update stock_buckets'];
    assert.deepEqual(writesIn(commands), ['insert claims', ...tries, 'findAndModify claims']);
    const claim = await recordOf(laurel, claimIdOf(id, 'mine'));
    await assert.rejects(workflowOf(laurel, claim).describe(), WorkflowNotFoundError);
  });

  it('by its condition costs two', async () => {
    const { eventId } = await event(laurel, { condition: { not: OLD_ENOUGH } });
    await costOfClaim(eventId, 'REJECTED');
    const { writes, historyEvents } = await costOfClaim(eventId, 'REJECTED');
    assert.deepEqual(writes, ['insert claims', 'findAndModify claims']);
    assert.equal(historyEvents, HISTORY_EVENTS);
  });
});
