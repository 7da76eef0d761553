/** What one claim costs, counted: the promise of docs/performance.md. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { EventFields } from '../domain/events/event.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { startCounted, writesIn } from './claim-cost.ts';
import { CAPE, event, recordOf, workflowOf } from './helpers.ts';

let counted: Awaited<ReturnType<typeof startCounted>>;
before(async () => {
  counted = await startCounted();
  // The first workflow of a worker is slower than any other: its task may be cut in two.
  await counted.costOfClaim((await event(counted.laurel)).eventId);
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
    // Two tries at a hold find nothing.
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
