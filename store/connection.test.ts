import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import mongoose, { type Connection } from 'mongoose';
import { DomainError } from '../domain/errors.ts';
import { dropDatabase } from '../test/drop-database.ts';
import { startProxy } from '../test/proxy.ts';
import { type TestServers, testServers, uniqueName } from '../test/servers.ts';
import { connect, inTransaction, isOfDatabase, isOutage } from './connection.ts';

let servers: TestServers;
let connection: Connection;

before(async () => {
  servers = await testServers();
  connection = await connect(servers.mongodbUri(uniqueName('connection')), { appName: 'test' });
});
after(async () => {
  await dropDatabase(connection);
  await connection.close();
  await servers.stop();
});

/** What MongoDB says when two transactions meet. */
function conflict(): Error {
  const error = new mongoose.mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
  error.addErrorLabel('TransientTransactionError');
  return error;
}

describe('a transaction', () => {
  test('is begun again after a conflict', async () => {
    let tries = 0;
    const result = await inTransaction(connection, async () => {
      tries += 1;
      if (tries < 3) throw conflict();
      return 'done';
    });
    assert.deepEqual({ result, tries }, { result: 'done', tries: 3 });
  });

  test('that only ever conflicts is given up, for the caller to come back later', async () => {
    const never = inTransaction(connection, () => Promise.reject(conflict()), 50);
    await assert.rejects(never, (error: unknown) => {
      assert.ok(error instanceof DomainError);
      assert.deepEqual([error.code, error.retryAfterS], ['unavailable', 1]);
      return true;
    });
  });

  test('waits for those before it in the same process, and goes on after one that failed', async () => {
    const order: string[] = [];
    const slow = inTransaction(connection, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('first');
      throw new Error('no');
    });
    const next = inTransaction(connection, async () => order.push('second'));
    await assert.rejects(slow, /no/);
    await next;
    assert.deepEqual(order, ['first', 'second']);
  });

  test('leaves nothing of what failed', async () => {
    const things = connection.collection('things');
    await things.insertOne({ name: 'before' });
    const failing = inTransaction(connection, async (session) => {
      await things.insertOne({ name: 'inside' }, { session });
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await things.distinct('name'), ['before']);
  });
});

describe('an outage', () => {
  test('is told from a mistake of ours', async () => {
    const closed = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=10';
    const away = await mongoose
      .createConnection(closed, { serverSelectionTimeoutMS: 10 })
      .asPromise()
      .catch((error: unknown) => error);
    assert.equal(isOutage(away), true);
    assert.equal(isOutage(new TypeError('x is not a function')), false);
    assert.equal(isOutage(conflict()), false);
  });

  test('is seen in what ends a bulk of writes, as is an error that is the database’s own', async (t) => {
    const { hostname, port } = new URL(servers.mongodbUri('any'));
    const wire = await startProxy(hostname, Number(port));
    t.after(() => wire.close());
    const client = new mongoose.mongo.MongoClient(`mongodb://${wire.address}`, {
      directConnection: true,
      // Time to connect on a busy machine; once the wire is cut it only runs out.
      serverSelectionTimeoutMS: 2_000,
    });
    t.after(() => client.close());
    await client.connect();
    wire.cut();
    const bulk = await client
      .db('any')
      .collection<{ _id: number }>('any')
      .insertMany([{ _id: 1 }], { ordered: false })
      .catch((error: unknown) => error);
    assert.ok(bulk instanceof mongoose.mongo.MongoBulkWriteError);
    assert.equal(isOutage(bulk), true);

    const items = connection.collection<{ _id: number }>('items');
    const twice = await items.insertMany([{ _id: 1 }, { _id: 1 }]).catch((error: unknown) => error);
    assert.deepEqual([isOutage(twice), isOfDatabase(twice)], [false, true]);
    assert.equal(isOfDatabase(new TypeError('x is not a function')), false);
  });

  test('is also what Node says of a socket that ends while the driver writes to it', () => {
    const ended = (code: string) =>
      Object.assign(new Error('This socket has been ended'), { code });
    for (const code of ['EPIPE', 'ECONNRESET', 'ETIMEDOUT']) {
      assert.equal(isOutage(ended(code)), true, code);
    }
    assert.equal(isOutage(ended('ENOENT')), false);
  });
});
