/** Each write is safe to repeat, bounded and durable (rules 4, 7 and 10). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { mongo } from 'mongoose';
import { openStore } from '../../store/index.ts';
import { connect, DATABASE_TIMEOUT_MS, isOfDatabase } from '../../store/mongodb/connection.ts';
import { type Hold, RESERVE_DEADLINE_MS } from '../../store/stock/stock.ts';
import { newClaim } from '../../store/test-store.ts';
import {
  ADMIN,
  CAPE,
  database,
  ended,
  event,
  gameEvent,
  givenBy,
  hasEntitlement,
  levelsOf,
  playerWithKey,
  recordOf,
} from '../helpers.ts';
import { type Call, createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { testServers, uniqueName } from '../servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: interposer.around,
    firstTries: false,
    // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
    api: { holdsEarly: false },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

const player = () => playerWithKey(laurel);

describe('a step whose answer was lost is tried again', { concurrency: true }, () => {
  const forward: Call[] = [
    'claims.get',
    'stock.reserve',
    'claims.startFulfilling',
    'provider.grant',
    'claims.takeGrantFate',
    'stock.settle',
    'claims.grant',
  ];
  for (const call of forward) {
    it(`and grants once: ${call}`, async () => {
      const { eventId } = await gameEvent(laurel);
      const { token, key, claimId } = await player();
      interposer.lose(call, claimId);
      await laurel.claim(eventId, token, { key });
      const claim = await ended(laurel, claimId);
      assert.equal(claim.state, 'GRANTED');
      assert.equal(interposer.isPlanned(call, claimId), false, 'nothing was lost');
      assert.deepEqual(await levelsOf(laurel, { eventId }), {
        ...{ stock: 10, available: 9, held: 0, granted: 1 },
      });
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
      assert.equal(await hasEntitlement(laurel, claimId), true);
    });
  }

  it('and grants once, in one write: claims.grant', async () => {
    const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: null }] });
    const { token, key, claimId } = await player();
    interposer.lose('claims.grant', claimId);
    await laurel.claim(eventId, token, { key });
    const { state, version } = await ended(laurel, claimId);
    assert.deepEqual([state, version], ['GRANTED', 2]);
    assert.equal(interposer.isPlanned('claims.grant', claimId), false, 'nothing was lost');
  });

  it('and rejects once, in one write: claims.refuse', async () => {
    const { eventId } = await event(laurel, { condition: { metric: 'boss.killed', atLeast: 1 } });
    const { token, key, claimId } = await player();
    interposer.lose('claims.refuse', claimId);
    await laurel.claim(eventId, token, { key });
    const { reason, version } = await ended(laurel, claimId);
    assert.deepEqual([reason, version], ['CONDITION_NOT_MET', 2]);
    assert.equal(interposer.isPlanned('claims.refuse', claimId), false, 'nothing was lost');
    assert.equal(await hasEntitlement(laurel, claimId), false);
  });

  const back: Call[] = [
    'claims.takeUndoFate',
    'provider.revoke',
    'stock.release',
    'claims.finishUndone',
  ];
  for (const call of back) {
    it(`and undoes once: ${call}`, async () => {
      const { eventId } = await gameEvent(laurel);
      const { token, key, claimId } = await player();
      laurel.game.rules.add({ do: 'refuse', eventId });
      interposer.lose(call, claimId);
      await laurel.claim(eventId, token, { key });
      const claim = await ended(laurel, claimId);
      assert.deepEqual([claim.state, claim.reason], ['FAILED', 'FULFILLMENT_REFUSED']);
      assert.equal(interposer.isPlanned(call, claimId), false, 'nothing was lost');
      assert.deepEqual(await levelsOf(laurel, { eventId }), {
        ...{ stock: 10, available: 10, held: 0, granted: 0 },
      });
      assert.equal(await hasEntitlement(laurel, claimId), false);
    });
  }

  it('and asks the game once more by the same key, which gives once', async () => {
    const { eventId } = await gameEvent(laurel);
    const { token, key, claimId } = await player();
    laurel.game.rules.add({ do: 'fail', eventId, times: 2 });
    await laurel.claim(eventId, token, { key });
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    const posts = laurel.game
      .requests()
      .filter((r) => r.verb === 'grant' && r.grantId?.startsWith(claimId));
    assert.equal(posts.length, 3);
    const key1 = `${claimId}:${CAPE.rewardId}`;
    assert.deepEqual(new Set(posts.map((r) => r.idempotencyKey)), new Set([key1]));
    assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
  });
});

describe('the stock, not the workflow, knows what is held', {
  concurrency: true,
}, () => {
  it('the stock of a claim is taken before a provider is asked, and counted before it is final', async () => {
    const { eventId } = await gameEvent(laurel);
    const { token, key, claimId } = await player();
    const seen: string[] = [];
    const look = async (when: string) => {
      const { state, fate } = await recordOf(laurel, claimId);
      const { available, held, granted } = await levelsOf(laurel, { eventId });
      seen.push(`${when}: ${state}, fate ${fate}, ${available}/${held}/${granted}`);
    };
    for (const call of ['provider.grant', 'stock.settle', 'claims.grant'] as const) {
      interposer.next(call, claimId, async (proceed) => {
        await look(call);
        return await proceed();
      });
    }
    await laurel.claim(eventId, token, { key });
    await ended(laurel, claimId);
    await look('end');
    assert.deepEqual(seen, [
      'provider.grant: FULFILLING, fate null, 9/1/0',
      'stock.settle: FULFILLING, fate GRANT, 9/1/0',
      'claims.grant: FULFILLING, fate GRANT, 9/0/1',
      'end: GRANTED, fate GRANT, 9/0/1',
    ]);
  });
});

describe('what MongoDB answered lasts', () => {
  it('each write on a claim’s way waits for the majority and its journal, each read for the majority', async (context) => {
    const connection = await database(context, '&monitorCommands=true');
    const store = await openStore(connection);
    const commands: mongo.CommandStartedEvent[] = [];
    connection.getClient().on('commandStarted', (started) => commands.push(started));

    const { claims, stock } = store;
    const { eventId } = await event({ store } as Laurel);
    commands.length = 0;
    await store.events.markClaimed(eventId, 1);
    const undone = (await claims.accept(newClaim({ eventId }))).claim;
    await claims.takeUndoFate(undone, 'USER_NOT_ACTIVE', []);
    const refused = (await claims.accept(newClaim({ eventId }))).claim;
    await claims.refuse(refused, { reason: 'SOLD_OUT', steps: [] });
    const rights = [['one', 'two']];
    const { claim } = await claims.accept(newClaim({ eventId, rights }));
    const { userId, lines } = claim;
    // The first slot is taken: it is looked which one is free.
    const second = (await claims.accept(newClaim({ eventId, userId, rights }))).claim;
    await claims.showChecking(second);
    await claims.showReserving(second);
    await claims.explain(second, {} as never);
    const [settled, released] = [claim, undone].map(({ _id }) => {
      return { holdId: `${_id}:cape`, eventId, quantity: 1 };
    }) as [Hold, Hold];
    for (const hold of [settled, released]) {
      await stock.reserve({ ...hold, rewardId: 'cape', buckets: 1 }, { isLikely: true });
    }
    await claims.startFulfilling(claim, []);
    const parking = { number: 1, reason: 'FULFILLMENT_UNKNOWN', detail: '', step: 'S4_FULFIL' };
    await claims.park(claim, parking as never, { lines, steps: [] });
    await claims.decide(ADMIN, claim, 1, { action: 'RETRY', note: null });
    await claims.unpark(claim, 1, true);
    await claims.takeGrantFate(claim, lines, []);
    await stock.settle(settled);
    await stock.release(released);
    await claims.grant({ ...claim, fate: 'GRANT' }, lines, []);
    await claims.finishUndone(undone, { state: 'FAILED', reason: 'INTERNAL', lines, steps: [] });
    await stock.soldOut(eventId, [{ rewardId: 'cape', quantity: 1 }]);
    await claims.get(claim._id, userId);
    await claims.isUsedUp(userId, rights);

    const writes = commands.filter(({ commandName }) =>
      ['insert', 'update', 'delete', 'findAndModify', 'commitTransaction'].includes(commandName),
    );
    // A write in a transaction carries no concern of its own: its commit does.
    const alone = writes.filter(({ commandName, command }) => {
      return commandName === 'commitTransaction' || command.autocommit !== false;
    });
    assert.equal(alone.length, 22, alone.map((c) => c.commandName).join());
    for (const { commandName, command } of alone) {
      const { w, j } = command.writeConcern ?? {};
      assert.deepEqual({ w, j }, { w: 'majority', j: true }, commandName);
    }
    const reads = commands.filter(
      ({ commandName, command }) =>
        ['find', 'aggregate'].includes(commandName) && command.autocommit !== false,
    );
    assert.equal(reads.length, 6);
    for (const { commandName, command } of reads) {
      const level = command.readConcern?.level;
      assert.ok(level === 'majority' || level === 'snapshot', `${commandName}: ${level}`);
    }
  });
});

/** A proxy to the database that can go silent: connections stay open, and nothing passes. */
async function silentLine(uri: URL) {
  const sockets: Socket[] = [];
  let isSilent = false;
  const proxy = createServer((near) => {
    const far = dial(Number(uri.port), uri.hostname);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (chunk) => isSilent || far.write(chunk));
    far.on('data', (chunk) => isSilent || near.write(chunk));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    uri: `mongodb://127.0.0.1:${port}${uri.pathname}?directConnection=true`,
    silence() {
      isSilent = true;
    },
    async cut() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

describe('a late attempt is fenced', () => {
  /** What an activity on our database may take, `startToCloseTimeout` in `workflows/activity-calls.ts`. */
  const ACTIVITY_MS = 30_000;

  it('a call to a database that has gone silent is given up long before its activity is', async (context) => {
    const { mongodbUri, stop } = await testServers();
    const line = await silentLine(new URL(mongodbUri(uniqueName('silent'))));
    const connection = await connect(line.uri, { appName: 'test' });
    context.after(async () => {
      await line.cut();
      await connection.close();
      await stop();
    });
    const store = await openStore(connection);
    line.silence();
    const startedMs = performance.now();
    const failure = await store.claims.accept(newClaim()).catch((error: unknown) => error);
    const tookMs = performance.now() - startedMs;
    assert.ok(isOfDatabase(failure), `${failure}`);
    // The driver tries once more by itself, each try waiting for a server and for an answer.
    assert.ok(tookMs < 4 * DATABASE_TIMEOUT_MS + 1_000, `${tookMs} ms`);
    assert.ok(tookMs < ACTIVITY_MS / 2, `${tookMs} ms`);
  });

  it('a reservation dies before the attempt that sent it is taken for lost', () => {
    assert.ok(RESERVE_DEADLINE_MS + DATABASE_TIMEOUT_MS < ACTIVITY_MS);
  });
});
