import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { asked, claimAtGame } from '../game-claims.ts';
import { event, leaveAlone, reconcile, recordOf, runsOf, until } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED, GRANTED_BY_GAME, outcomeOf } from '../outcomes.ts';
import { startProxy, type Wire } from '../proxy.ts';
import { type TestServers, testServers } from '../servers.ts';

/** Far longer than it takes to record a claim, far shorter than it takes to give Temporal up. */
const QUICKLY_MS = 5_000;

/** How the insert of a claim begins on the wire, in BSON. */
const INSERT_CLAIM = 'insert\0\x07\0\0\0claims\0';

let servers: TestServers;
let mongodb: Wire;
let temporal: Wire;
let laurel: Laurel;

async function wireTo(address: string): Promise<Wire> {
  const { hostname, port } = new URL(address);
  return await startProxy(hostname, Number(port));
}

before(async () => {
  servers = await testServers();
  mongodb = await wireTo(servers.mongodbUri(''));
  temporal = await wireTo(`http://${servers.temporalAddress}`);
  // Direct, as a driver that looks for the replica set finds its way around the proxy.
  process.env.TEST_MONGODB_URI = `mongodb://${mongodb.address}/?directConnection=true`;
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address;
  laurel = await startLaurel();
});
after(async () => {
  await laurel.stop();
  await Promise.all([mongodb.close(), temporal.close()]);
  await servers.stop();
});

async function playerWithEvent() {
  const { eventId } = await event(laurel);
  const { id, token } = await laurel.signIn();
  return { eventId, token, claimId: claimIdOf(id, 'mine') };
}

describe('MongoDB is down when a player claims', () => {
  afterEach(() => mongodb.mend());

  it('who is told to come back, and gets one claim with the same key', async () => {
    const { eventId, token, claimId } = await playerWithEvent();
    mongodb.cut();
    const refused = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([refused.status, Reflect.get(refused.body, 'code')], [503, 'unavailable']);
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);

    mongodb.mend();
    const again = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([again.status, again.body.claimId], [202, claimId]);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
  });

  it('and the claim was recorded, but the player not told: the same key gets that claim', async () => {
    const { eventId, token, claimId } = await playerWithEvent();
    const recorded = mongodb.cutAfter(INSERT_CLAIM);
    const refused = await laurel.claim(eventId, token, { key: 'mine' });
    await recorded;
    assert.equal(refused.status, 503);

    mongodb.mend();
    const again = await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [202, 'true']);
    // Once the request that recorded it can be at work no more, whoever comes starts its run.
    await leaveAlone(laurel, claimId);
    const later = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
    assert.equal(later.body.claimId, claimId);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
    assert.equal(await laurel.store.claims.model.countDocuments({ eventId }), 1);
  });

  it('and while claims run: each ends by itself once it is back, and is granted once', async () => {
    const running = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        claimAtGame(laurel, [{ do: 'delay', delayMs: 100 * i + 1, times: 1 }]),
      ),
    );
    await asked(laurel, running[0]?.claimId as string, 'grant');
    mongodb.cut();
    await until(isAway, 'MongoDB to be missed');
    mongodb.mend();
    for (const { claimId } of running) {
      assert.deepEqual(await outcomeOf(laurel, claimId, 60_000), GRANTED_BY_GAME);
    }
  });
});

/** Whether a read of the store fails. */
const isAway = () =>
  laurel.store.events.get('evt_1').then(
    () => false,
    () => true,
  );

/** Resolves once Temporal answers again: a client that lost it tries anew in growing steps. */
const temporalIsBack = () =>
  until(
    () =>
      laurel.client.workflowService.getSystemInfo({}).then(
        () => true,
        () => false,
      ),
    'Temporal to be back',
    30_000,
  );

describe('Temporal is down when a player claims', () => {
  afterEach(() => temporal.mend());

  /** Claims meanwhile; the claim is accepted at once and waits at its beginning. */
  async function claimMeanwhile() {
    const player = await playerWithEvent();
    const sentMs = performance.now();
    const { status, body } = await laurel.claim(player.eventId, player.token, { key: 'mine' });
    const tookMs = performance.now() - sentMs;
    assert.deepEqual([status, body.state], [202, 'PENDING_VALIDATION']);
    assert.ok(tookMs < QUICKLY_MS, `${tookMs} ms`);
    return player;
  }

  it('whose claim is accepted at once, and started by reconciliation', async () => {
    temporal.cut();
    const { claimId } = await claimMeanwhile();
    temporal.mend();
    await temporalIsBack();
    await leaveAlone(laurel, claimId);
    await reconcile(laurel);
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
    assert.equal((await runsOf(laurel, await recordOf(laurel, claimId))).length, 1);
  });

  it('whose claim is accepted at once though Temporal only hangs, and started by the same key', async () => {
    temporal.hang();
    const { claimId, eventId, token } = await claimMeanwhile();
    temporal.mend();
    await temporalIsBack();
    await leaveAlone(laurel, claimId);
    const again = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED);
    assert.equal((await runsOf(laurel, await recordOf(laurel, claimId))).length, 1);
  });
});
