import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import { until } from '../../test/helpers.ts';
import { newClaim, type StoreFixture, storeFixture } from '../test-store.ts';
import { type ClaimChanges, watchClaims } from './claim-changes.ts';
import type { Claim } from './claim-record.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

const open: ClaimChanges[] = [];
afterEach(async () => {
  for (const changes of open.splice(0)) await changes.close();
});

function watch(connection: Connection = t.connection) {
  const errors: unknown[] = [];
  const changes = watchClaims(connection, (error) => errors.push(error));
  open.push(changes);
  return { changes, errors };
}

const accept = async (): Promise<Claim> => (await t.store.claims.accept(newClaim())).claim;

const touch = async ({ _id }: Claim): Promise<void> => {
  await t.store.claims.model.updateOne({ _id }, { $inc: { version: 1 } });
};

/** Counts the calls that a subscriber gets. */
function listen(changes: ClaimChanges, claim: Claim) {
  const heard = { times: 0, stop: () => {} };
  heard.stop = changes.subscribe(claim._id, () => {
    heard.times += 1;
  });
  return heard;
}

/** Resolves once changes arrive: a new stream takes a moment to open. */
async function isLive(changes: ClaimChanges): Promise<void> {
  const claim = await accept();
  const heard = listen(changes, claim);
  await until(async () => {
    await touch(claim);
    return heard.times > 0;
  }, 'a first change');
  heard.stop();
}

/** The change streams on the test's claims that the server has open. */
async function streamsOpen(): Promise<number> {
  const name = t.connection.db?.databaseName;
  const found = await t.connection
    .getClient()
    .db('admin')
    .aggregate(
      [
        { $currentOp: { idleCursors: true, allUsers: true } },
        { $match: { ns: `${name}.claims` } },
        {
          $match: {
            $or: ['command', 'cursor.originatingCommand'].map((at) => ({
              [`${at}.pipeline.0.$changeStream`]: { $exists: true },
            })),
          },
        },
      ],
      { readConcern: { level: 'local' } },
    )
    .toArray();
  return found.length;
}

/** Resolves once there is one. Between two reads of the driver the server may list none. */
async function oneStream(): Promise<void> {
  await until(async () => (await streamsOpen()) === 1, 'one change stream');
}

describe('whoever waits for a claim', () => {
  it('hears of its changes, and of no other claim’s', async () => {
    const { changes, errors } = watch();
    const [mine, other] = [await accept(), await accept()];
    await isLive(changes);
    const [heard, alsoHeard, otherHeard] = [mine, mine, other].map((c) => listen(changes, c));
    await touch(mine);
    await until(() => heard?.times === 1 && alsoHeard?.times === 1, 'the change');
    await touch(other);
    await until(() => otherHeard?.times === 1, 'the other change');
    assert.equal(heard?.times, 1);
    assert.deepEqual(errors, []);
  });

  it('hears nothing any more once it has left, while others go on hearing', async () => {
    const { changes } = watch();
    const claim = await accept();
    await isLive(changes);
    const [gone, staying] = [listen(changes, claim), listen(changes, claim)];
    gone.stop();
    gone.stop();
    await touch(claim);
    await until(() => staying.times === 1, 'the change');
    assert.equal(gone.times, 0);
  });

  it('shares one change stream with everybody else', async () => {
    const { changes } = watch();
    await isLive(changes);
    for (let i = 0; i < 40; i++) listen(changes, await accept());
    await oneStream();
  });

  it('can tell up to when every change was seen: as late as the change that it heard of', async () => {
    const { changes } = watch();
    await isLive(changes);
    const [claim, own] = [await accept(), t.connection.collection<Claim>('claims').watch()];
    const heard = listen(changes, claim);
    await own.tryNext();
    await touch(claim);
    const change = (await own.next()) as { clusterTime?: { t: number } };
    await own.close();
    await until(() => heard.times > 0, 'the change');
    const changedAtMs = Number(change.clusterTime?.t) * 1_000;
    assert.ok(changedAtMs > 0);
    assert.ok(changes.seenUntil().getTime() >= changedAtMs);
    // Not far ahead either: it is the time of the cluster, to the second.
    assert.ok(changes.seenUntil().getTime() <= Date.now() + 1_000);
    // A quiet stream moves on with the other writes of the cluster.
    await until(async () => {
      await t.connection.collection('other').insertOne({});
      return changes.seenUntil().getTime() >= changedAtMs + 1_000;
    }, 'the stream to move on');
  });

  it('hears of changes again after the stream was cut off by the server', async () => {
    const { changes } = watch();
    await isLive(changes);
    // A dropped collection ends its streams for good: the driver cannot resume them.
    await t.connection.collection('claims').drop();
    // The end of a stream also wakes waiters. So only a change over the new stream shows that it is
    // open.
    await isLive(changes);
    await oneStream();
    await isLive(changes);
  });
});

describe('while the change stream cannot be had', () => {
  /** A connection whose change streams fail at once while `isBroken` is true. */
  function fragile() {
    const state = { isBroken: true };
    const connection = new Proxy(t.connection, {
      get(target, name) {
        if (name !== 'collection' || !state.isBroken) {
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return () => ({
          watch: () => ({
            close: async () => {},
            [Symbol.asyncIterator]: () => ({
              next: async () => {
                throw new Error('no primary');
              },
            }),
          }),
        });
      },
    });
    return { state, connection };
  }

  it('everybody who waits reads again each second, until it is back', async () => {
    const { state, connection } = fragile();
    const { changes, errors } = watch(connection);
    const heard = listen(changes, await accept());
    const startedMs = performance.now();
    await until(() => heard.times >= 2, 'being told to read again', 5_000);
    assert.ok(performance.now() - startedMs > 900, 'it spins');
    assert.match(String(errors[0]), /no primary/);
    state.isBroken = false;
    await isLive(changes);
  });

  it('it is let go of at once when the process stops', async () => {
    const { connection } = fragile();
    const { changes } = watch(connection);
    const closed = AbortSignal.timeout(900);
    await Promise.race([
      changes.close(),
      once(closed, 'abort').then(() => assert.fail('it kept the process waiting')),
    ]);
  });
});
