import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import mongoose, { type Connection, mongo } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { dropDatabase } from '../../test/drop-database.ts';
import { startProxy } from '../../test/proxy.ts';
import { type TestServers, testServers, uniqueName } from '../../test/servers.ts';
import {
  connect,
  databaseTrouble,
  inTransaction,
  isDuplicateKey,
  isOfDatabase,
} from './connection.ts';

interface Item {
  _id: string;
  n: number;
}

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

/** What MongoDB answers when two transactions conflict. */
function conflict(): Error {
  const error = new mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
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

/** The codes of writes that MongoDB refuses for their own content. */
const OF_CONTENT = [11000, 121, 10334, 17419, 17420];

const answered = (code: number) => new mongo.MongoServerError({ message: 'no', code });

describe('an error of the database', () => {
  test('is told by who raised it, whatever its code, but for what the write itself caused', () => {
    // Every named code is below 20,000; a single place in the server may use any other.
    for (const code of [...Array(20_000).keys(), 51_075, 5_739_101]) {
      const isTrouble = databaseTrouble(answered(code)) !== null;
      assert.equal(isTrouble, !OF_CONTENT.includes(code), `${code}`);
    }
    for (const code of [18, 13, 8000, 28, 43, 317, 133, 2, 14031, 211]) {
      assert.equal(databaseTrouble(answered(code)), 'REFUSES', `${code}`);
    }
    for (const code of [91, 189, 11600, 11602, 50]) {
      assert.equal(databaseTrouble(answered(code)), 'AWAY', `${code}`);
    }
    assert.equal(databaseTrouble(conflict()), 'AWAY', 'what may be tried again passes');
  });

  test('is nobody else’s error, though it has the same number or name', () => {
    const others = [
      ...['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT'],
      ...[7, 13, 14, 18, 91, 189, 11600],
    ].map((code) => Object.assign(new Error('7 PERMISSION_DENIED'), { code }));
    const named = Object.assign(new Error('away'), { name: 'MongoNetworkError' });
    for (const error of [...others, named, new TypeError('x'), 'MongoError', null, undefined]) {
      assert.equal(databaseTrouble(error), null, `${error}`);
    }
  });

  test('is that a server is not found, and that it is lost in a bulk of writes', async (t) => {
    const away = await mongoose
      .createConnection('mongodb://127.0.0.1:1/any', { serverSelectionTimeoutMS: 10 })
      .asPromise()
      .catch((error: unknown) => error);
    assert.equal(databaseTrouble(away), 'AWAY');

    const nameless = await connect('mongodb+srv://nowhere.invalid/any', { appName: 'test' }).catch(
      (error: unknown) => error,
    );
    assert.equal(databaseTrouble(nameless), 'AWAY', `${nameless}`);

    const { hostname, port } = new URL(servers.mongodbUri('any'));
    const wire = await startProxy(hostname, Number(port));
    t.after(() => wire.close());
    const client = new mongo.MongoClient(`mongodb://${wire.address}`, {
      directConnection: true,
      // Enough time to connect on a busy machine. Once the connection is cut, it only runs out.
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
    assert.ok(bulk instanceof mongo.MongoBulkWriteError);
    assert.equal(databaseTrouble(bulk), 'AWAY');
  });

  test('is not that a document is too large, or refused by its collection, alone or in a bulk', async () => {
    const { db } = connection;
    const strict = await db?.createCollection<{ _id: string; name?: string }>('strict', {
      validator: { name: { $type: 'string' } },
    });
    assert.ok(strict);
    const large = { _id: 'large', name: 'x'.repeat(17 * 1024 * 1024) };
    await strict.insertOne({ _id: 'grown', name: 'x'.repeat(9 * 1024 * 1024) });
    const refused = await Promise.all(
      [
        strict.insertOne({ _id: 'nameless' }),
        strict.insertMany([{ _id: 'nameless' }, { _id: 'also' }], { ordered: false }),
        strict.insertOne(large),
        strict.insertMany([large]),
        strict.updateOne({ _id: 'grown' }, [{ $set: { more: '$name' } }]),
      ].map((write) => write.catch((error: unknown) => error)),
    );
    for (const error of refused) {
      assert.ok(error instanceof Error, `${error}`);
      assert.equal(databaseTrouble(error), null, error.message);
    }
  });

  test('is that a query makes no sense to it: a mistake of ours that must be seen', async () => {
    const wrong = { $nonsense: 1 } as object;
    const error = await connection
      .collection('any')
      .findOne(wrong)
      .catch((e: unknown) => e);
    assert.equal(databaseTrouble(error), 'REFUSES');
  });
});

describe('a duplicate key', () => {
  test('is judged by the collection and the index that it hit, alone or in a bulk', async () => {
    const items = connection.collection<Item>('items');
    const others = connection.collection<Item>('others');
    await items.createIndex({ n: 1 }, { name: 'number', unique: true });
    await items.insertOne({ _id: 'a', n: 1 });
    const failed = (write: Promise<unknown>) => write.catch((error: unknown) => error);
    const sameId = { _id: 'a', n: 2 };
    const sameNumber = { _id: 'b', n: 1 };
    const lost = {
      byId: [
        await failed(items.insertOne(sameId)),
        await failed(items.insertMany([sameId, sameId], { ordered: false })),
      ],
      byNumber: [
        await failed(items.insertOne(sameNumber)),
        await failed(items.findOneAndUpdate({ _id: 'c' }, { $set: { n: 1 } }, { upsert: true })),
      ],
      byBoth: [await failed(items.insertMany([sameId, sameNumber], { ordered: false }))],
    };
    for (const [how, errors] of Object.entries(lost)) {
      for (const error of errors) {
        assert.equal(isDuplicateKey(error, items), how === 'byId', how);
        assert.equal(isDuplicateKey(error, items, 'number'), how === 'byNumber', how);
        assert.equal(isDuplicateKey(error, others), false, how);
        assert.equal(isOfDatabase(error), false, how);
      }
    }
    assert.equal(isDuplicateKey(answered(11000), items), false, 'one that names no place');
    assert.equal(isDuplicateKey(new mongo.MongoNetworkError('away'), items), false, 'no answer');
  });
});
