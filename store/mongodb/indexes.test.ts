/** The indexes without which nothing may be accepted, on a database with data. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import { SetupError } from '../../domain/errors.ts';
import { dropDatabase } from '../../test/drop-database.ts';
import { type TestServers, testServers } from '../../test/servers.ts';
import { openStore } from '../index.ts';
import { unique } from '../test-store.ts';
import { connect, DATABASE_TIMEOUT_MS } from './connection.ts';
import {
  buildIndexes,
  ensureIndexes,
  indexesOfModels,
  missingIndexes,
  nameOf,
  type WantedIndex,
} from './indexes.ts';

const NUMBER: WantedIndex = {
  collection: 'things',
  key: { number: 1 },
  options: { name: 'number', unique: true },
};
const silent = { info: () => {}, warn: () => {} };

let servers: TestServers;
let uri: string;
let connection: Connection;
before(async () => {
  servers = await testServers();
  uri = servers.mongodbUri(unique('indexes'));
  connection = await connect(uri, { appName: 'test' });
});
after(async () => {
  await dropDatabase(connection);
  await connection.close();
  await servers.stop();
});
const things = () => connection.collection<{ number: number }>('things');
const numbers = (count: number) => Array.from({ length: count }, (_, number) => ({ number }));
beforeEach(async () => {
  await things().drop();
  await things().insertMany(numbers(10));
});

/** The reported lines, and a way to wait for one. */
function listening() {
  const lines: string[] = [];
  let look = () => {};
  const info = (line: string) => {
    lines.push(line);
    look();
  };
  const heard = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      look = () => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      look();
    });
  return { lines, heard, log: { info, warn: info } };
}

/** While this transaction is open, no build of an index can begin or end on the collection. */
async function openTransaction() {
  const session = await connection.startSession();
  session.startTransaction();
  await things().insertOne({ number: -1 }, { session });
  return async () => {
    await session.abortTransaction();
    await session.endSession();
  };
}

describe('an index of the right name that is another', () => {
  const OTHERS = {
    'that is not unique': { number: 1, options: {} },
    'of another key': { number: -1, options: { unique: true } },
    'over a part': { number: 1, options: { unique: true, sparse: true } },
  } as const;

  for (const [what, { number, options }] of Object.entries(OTHERS)) {
    it(`stops the start, which says what to do: one ${what}`, async () => {
      await things().createIndex({ number }, { name: 'number', ...options });
      await assert.rejects(
        ensureIndexes(connection, [NUMBER], { uri, build: true, log: silent }),
        (error) => error instanceof SetupError && /dropIndex\('number'\)/.test(error.message),
      );
    });
  }
});

describe('an index that is missing', () => {
  it('is built though it takes longer than any other call may, and tells how long', async () => {
    const { heard, lines, log } = listening();
    const letGo = await openTransaction();
    const built = buildIndexes([NUMBER], { uri, log, everyMs: 100 });
    const seconds = DATABASE_TIMEOUT_MS / 1_000 + 1;
    await heard(new RegExp(`^index things.number: (\\d+ %, )?building it for ${seconds} s$`));
    await letGo();
    await built;
    assert.match(lines.at(-2) ?? '', /^index things.number: is there, after \d s$/);
    assert.equal(lines.at(-1), '1 indexes were built: things.number');
    assert.deepEqual(await missingIndexes(connection, [NUMBER]), []);
  });

  it('is built once though two processes build it', async () => {
    const { lines, log } = listening();
    await Promise.all([1, 2].map(() => buildIndexes([NUMBER], { uri, log })));
    assert.equal(lines.filter((line) => line.includes('were built')).length, 2);
    assert.deepEqual(await missingIndexes(connection, [NUMBER]), []);
  });

  it('is still missing while it is built', async () => {
    await things().insertMany(numbers(60_000).map(({ number }) => ({ number: 100 + number })));
    const built = buildIndexes([NUMBER], { uri, log: silent });
    // Once the server lists the index, its build is kept from ending.
    while ((await things().indexes()).length < 2);
    const letGo = await openTransaction();
    const [listed, missing] = await Promise.all([
      things().indexes(),
      missingIndexes(connection, [NUMBER]),
    ]);
    await letGo();
    await built;
    assert.deepEqual([listed.length, missing.map(nameOf)], [2, ['things.number']]);
  });

  it('that the data do not allow is refused with what to do', async () => {
    await things().insertOne({ number: 7 });
    await assert.rejects(buildIndexes([NUMBER], { uri, log: silent }), (error: Error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /things\.number is to be unique.* the same number\. Remove one/);
      return true;
    });
  });

  it('whose fields have another index is refused with what to do', async () => {
    await things().createIndex({ number: 1 }, { name: 'theirs', unique: true });
    await assert.rejects(buildIndexes([NUMBER], { uri, log: silent }), (error: Error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /things\.number cannot be built: .* on number .* Drop that one/);
      return true;
    });
  });

  it('is waited for, by name, where another is to build it', async () => {
    const { heard, log } = listening();
    const ensured = ensureIndexes(connection, [NUMBER], { uri, log, build: false, everyMs: 20 });
    assert.match(await heard(/^Waiting/), /^Waiting for things\.number: .*npm run migrate/);
    await buildIndexes([NUMBER], { uri, log: silent });
    await ensured;
  });
});

describe("the stores' indexes", () => {
  it('are all found missing in a new database, and none in one that was opened', async () => {
    await openStore(connection);
    const wanted = indexesOfModels(connection);
    assert.ok(
      wanted.some((index) => index.options.unique),
      'some are unique',
    );
    assert.deepEqual(await missingIndexes(connection, wanted), []);
    const other = await connect(servers.mongodbUri(unique('indexes')), { appName: 'test' });
    assert.equal((await missingIndexes(other, wanted)).length, wanted.length);
    await other.close();
  });
});
