/** What one granted claim of one limited reward costs, counted: the promise of `performance.md`. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { mongo } from 'mongoose';
import { claimIdOf } from '../store/claims.ts';
import { event, recordOf, workflowOf } from './helpers.ts';
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

/** Makes one claim and waits until its workflow is closed: everything it will ever cost is paid then. */
async function costOfClaim(eventId: string) {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  commands.length = 0;
  const { body } = await laurel.claim(eventId, token, { key, waitS: 30 });
  assert.equal(body.state, 'GRANTED');
  // Its end is its last write; what is read from here on is read by the test.
  const paid = [...commands];
  const run = workflowOf(laurel, await recordOf(laurel, claimIdOf(id, key)));
  await run.result();
  const { events } = await run.fetchHistory();
  return {
    historyEvents: events?.length ?? 0,
    reads: paid.filter(({ commandName }) => READS.includes(commandName)).length,
    writes: writesIn(paid),
    transactions: paid.filter(({ command }) => command.autocommit === false).length,
  };
}

describe('a granted claim of one limited reward', () => {
  const providers = [
    {
      provider: 'mailbox',
      mostHistoryEvents: 6,
      mostReads: 14,
      writesOfProvider: ['insert mailbox'],
    },
    { provider: 'game', mostHistoryEvents: 15, mostReads: 22, writesOfProvider: [] },
  ];
  for (const { provider, mostHistoryEvents, mostReads, writesOfProvider } of providers) {
    const ownWrites = [
      'insert claims', // S0
      'insert entitlements', // S1
      'update stock_buckets', // S3: the hold
      'findAndModify claims', // the write-ahead of S4
      ...writesOfProvider,
      'findAndModify claims', // the point of no return
      'update stock_buckets', // S5: the hold becomes a grant
      'findAndModify claims', // its end
    ];

    it(`costs at most 8 writes, ${mostReads} reads, no transaction and ${mostHistoryEvents} history events: ${provider}`, async () => {
      const { eventId } = await event(laurel, { fulfillment: { provider } });
      await costOfClaim(eventId);
      const { historyEvents, reads, writes, transactions } = await costOfClaim(eventId);
      assert.deepEqual(writes, ownWrites);
      assert.ok(writes.length <= 8);
      // On a slow machine the player is read once more, and who waits looks again after five seconds.
      assert.ok(reads <= mostReads + 2, `${reads} reads`);
      assert.equal(transactions, 0);
      assert.ok(historyEvents <= mostHistoryEvents, `${historyEvents} history events`);
    });

    it(`costs one write more where it is the very first of its event: ${provider}`, async () => {
      const { eventId } = await event(laurel, { fulfillment: { provider } });
      const { historyEvents, writes, transactions } = await costOfClaim(eventId);
      assert.deepEqual(writes, ['update events', ...ownWrites]);
      assert.equal(transactions, 0);
      assert.ok(historyEvents <= mostHistoryEvents, `${historyEvents} history events`);
    });
  }
});
