/**
 * An error of the database is the database's, whatever its code: a real mongod is made to fail by one
 * code after another, under the API and under the workers.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { isFinal } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Servers, startServers } from '../../local/servers/start-servers.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import { connect, inTransaction } from '../../store/mongodb/connection.ts';
import { asked, claimAtGame } from '../game-claims.ts';
import { event, gameEvent, givenBy, parked, recordOf, recordOnce, until } from '../helpers.ts';
import { createInterposer } from '../interpose.ts';
import { codeOf, type Laurel, refusalsLogged, startLaurel } from '../laurel.ts';
import { GRANTED, GRANTED_BY_GAME, outcomeOf } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

/** A pending grant is asked after twice in it. */
const FULFILLMENT_PENDING_TIMEOUT_MS = 1_200;

const folder = mkdtempSync(join(tmpdir(), 'laurel-database-errors-'));
const interposer = createInterposer();
let servers: Servers;
let laurel: Laurel;

before(async () => {
  // A mongod of its own, as it is to fail for nobody else.
  const temporal = process.env.TEST_TEMPORAL_ADDRESS === undefined;
  servers = await startServers({ dataDir: folder, testCommands: true, temporal });
  process.env.TEST_MONGODB_URI = servers.mongodbUri;
  process.env.TEST_TEMPORAL_ADDRESS ??= servers.temporalAddress;
  laurel = await startLaurel({
    activities: interposer.around,
    firstTries: false,
    // An attempt that is charged to the provider is the last.
    policy: { FULFILLMENT_MAX_ATTEMPTS: 1, FULFILLMENT_PENDING_TIMEOUT_MS },
  });
});
afterEach(work);
after(async () => {
  interposer.openAll();
  await laurel.stop();
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Makes mongod answer a command on a collection with that code: so often, or until it is told to stop. */
async function fail(
  errorCode: number,
  command: string,
  collection: string,
  mode: 'alwaysOn' | { times: number } = 'alwaysOn',
): Promise<void> {
  const namespace = `${laurel.database.name}.${collection}`;
  await laurel.database
    .getClient()
    .db('admin')
    .command({
      configureFailPoint: 'failCommand',
      mode,
      data: { failCommands: [command], namespace, errorCode },
    });
}

async function work(): Promise<void> {
  const off = { configureFailPoint: 'failCommand', mode: 'off' };
  await laurel.database.getClient().db('admin').command(off);
}

/** Who may not, what is not there, what is full, what is interrupted, what never is, what has no name. */
const CODES = [
  2,
  8,
  11,
  13,
  18,
  20,
  26,
  28,
  43,
  50,
  59,
  66,
  73,
  76,
  96,
  112,
  117,
  125,
  133,
  134,
  146,
  162,
  189,
  202,
  211,
  225,
  244,
  246,
  251,
  263,
  292,
  317,
  318,
  334,
  391,
  8000,
  9001,
  10334 - 1,
  14031,
  31_249,
];

describe('parked claims that are too many to be read in time', () => {
  it('are counted without their reasons and providers', async () => {
    const { claimId } = await claimAtGame(laurel);
    await laurel.store.claims.model.updateOne(
      { _id: claimId },
      { $set: { state: 'NEEDS_ATTENTION', reason: 'INTERNAL' }, $unset: { open: 1 } },
    );
    const parkedOnes = async () => {
      const all = await laurel.store.claims.countOpen();
      return all.filter(({ state }) => state === 'NEEDS_ATTENTION');
    };
    const [known] = await parkedOnes();
    assert.deepEqual([known?.count, known?.reason, known?.provider], [1, 'INTERNAL', 'game']);
    // `MaxTimeMSExpired`.
    await fail(50, 'aggregate', 'claims', { times: 1 });
    const unknown = { state: 'NEEDS_ATTENTION', reason: null, provider: null, parkedSince: null };
    assert.deepEqual(await parkedOnes(), [{ ...unknown, count: 1 }]);
    await laurel.store.claims.model.deleteOne({ _id: claimId });
  });
});

describe('whatever code MongoDB fails by', () => {
  it('a claim is told to come back, and is one claim once it works', async () => {
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    for (const code of CODES) {
      await fail(code, 'insert', 'claims');
      const refused = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([refused.status, codeOf(refused)], [503, 'unavailable'], `${code}`);
      assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/, `${code}`);
    }
    await work();
    const again = await laurel.claim(eventId, token, { key: 'mine' });
    assert.equal(again.status, 202);
    assert.deepEqual(await outcomeOf(laurel, claimIdOf(id, 'mine')), GRANTED);
  });

  it('the process is not ready, and is again once it works', async () => {
    const readiness = async () => {
      const { status, body } = await laurel.call<{ status: string }>('GET', '/readyz');
      return [status, body.status];
    };
    await fail(13, 'find', 'users');
    assert.deepEqual(await readiness(), [503, 'unavailable']);
    await work();
    assert.deepEqual(await readiness(), [200, 'ok']);
  });

  it('a run goes on once it works, and each refusal is an error in the log, with its code', async () => {
    const { eventId, version } = await event(laurel);
    const { id, token } = await laurel.signIn();
    // Before an event's first claim its player's other claims are looked up.
    assert.ok(await laurel.store.events.markClaimed(eventId, version));
    // Its run needs them; to record the claim it is enough that it is new.
    await fail(31_249, 'find', 'claims');
    assert.equal((await laurel.claim(eventId, token, { key: 'mine' })).status, 202);
    await until(() => isLogged(31_249), 'the refusal to be logged');
    await work();
    assert.deepEqual(await outcomeOf(laurel, claimIdOf(id, 'mine')), GRANTED);
  });

  it('no attempt is charged to the provider, and the claim is granted once it works', async () => {
    const codes = [2, 13, 43, 8000];
    const claims = await Promise.all(codes.map(() => claimBeforeItsProvider()));
    for (const [i, code] of codes.entries()) {
      await fail(code, 'find', 'users');
      claims[i]?.goOn();
      await until(() => isLogged(code), `${code} to be met, and logged`);
    }
    await work();
    for (const { claimId } of claims) {
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      assert.equal(givenBy(laurel, claimId)?.applied, 1);
    }
  });
});

describe('a change that is refused for what it saw', () => {
  const flusher = async (mode: 'alwaysOn' | 'off') => {
    const point = { configureFailPoint: 'pauseJournalFlusherThread', mode };
    await laurel.database.getClient().db('admin').command(point);
  };

  it('is refused once that can no longer be lost in a crash', async (t) => {
    // More patient than the product's calls: on a busy machine the flusher rests for seconds.
    const uri = servers.mongodbUri.replace('/?', `/${uniqueName('patient')}?`);
    const database = await connect(uri, { appName: 'test', socketTimeoutMs: 60_000 });
    t.after(() => database.close());
    const things = database.collection<{ _id: string }>(uniqueName('things'));
    await things.insertOne({ _id: 'old' });
    await flusher('alwaysOn');
    await things.insertOne({ _id: 'new' }, { writeConcern: { w: 1, journal: false } });
    const looked = Promise.withResolvers<void>();
    let isRefused = false;
    const refused = inTransaction(database, async (session) => {
      const seen = await things.countDocuments({}, { session });
      looked.resolve();
      throw new DomainError('conflict', `There are ${seen}.`);
    }).catch((error: Error) => {
      isRefused = true;
      return error.message;
    });
    await looked.promise;
    assert.equal((await things.find().toArray()).length, 1, 'the new one may still be lost');
    assert.equal(isRefused, false);
    await flusher('off');
    assert.equal(await refused, 'There are 2.');
    assert.equal((await things.find().toArray()).length, 2);
  });
});

describe('while a grant is pending and MongoDB fails', () => {
  it('the provider is asked once more when it works, though its time is over', async () => {
    const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending', callback: false }]);
    await asked(laurel, claimId, 'grant');
    const before = refusalsLogged.length;
    await fail(134, 'find', 'claims');
    // The third question comes after the time that a pending grant has.
    await until(() => refusalsLogged.length >= before + 3, 'three refusals');
    laurel.game.settle(grantId, 'GRANTED');
    await work();
    const isOver = ({ state, parking }: Claim) => isFinal(state) || parking !== null;
    const { state, parking } = await recordOnce(laurel, claimId, isOver);
    assert.deepEqual([state, parking], ['GRANTED', null]);
  });
});

describe('a mistake of ours while a provider is asked', () => {
  it('parks the claim as ours, and does not tell the player its words', async () => {
    const { claimId, goOn } = await claimBeforeItsProvider();
    interposer.next('provider.grant', claimId, async () => {
      throw new TypeError('x is not a function');
    });
    goOn();
    const { parking, steps } = await parked(laurel, claimId);
    assert.equal(parking?.reason, 'INTERNAL');
    assert.ok(!JSON.stringify([parking, steps]).includes('x is not'));
  });
});

/** Whether a worker has logged an error of that code. */
const isLogged = (code: number): boolean =>
  refusalsLogged.some(({ meta }) => Object(meta?.error).code === code);

/** A claim that has its units and is about to ask the game, once it is let on. */
async function claimBeforeItsProvider() {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(id, key);
  const there = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  interposer.next('claims.startFulfilling', claimId, async (proceed) => {
    const claim = await proceed();
    there.resolve();
    await opened.promise;
    return claim;
  });
  assert.equal((await laurel.claim(eventId, token, { key })).status, 202);
  await there.promise;
  assert.equal((await recordOf(laurel, claimId)).state, 'FULFILLING');
  return { claimId, goOn: opened.resolve };
}
