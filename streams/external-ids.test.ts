/** External IDs in records: what the handlers of both topics do with them. Kafka has no part in it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import { openStore, type Store } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { dropDatabase } from '../test/drop-database.ts';
import { type TestServers, testServers, uniqueName } from '../test/servers.ts';
import { takePlayerEvents } from './player-events.ts';
import type { IncomingRecord } from './records.ts';
import { takeUserStatus } from './user-status.ts';

const now = new Date();
const issuers = new Set(['game']);

let servers: TestServers;
let connection: Connection;
let store: Store;
before(async () => {
  servers = await testServers();
  connection = await connect(servers.mongodbUri(uniqueName('streams')), { appName: 'test' });
  store = await openStore(connection, () => now, { ttlDays: 90, gauges: {}, issuers });
});
after(async () => {
  await dropDatabase(connection);
  await connection.close();
  await servers.stop();
});

const record = (value: object, n = 0): IncomingRecord => ({
  ...{ topic: 'a.topic', partition: 0, offset: BigInt(n), leaderEpoch: 0 },
  key: Buffer.from('a key'),
  value: Buffer.from(JSON.stringify(value)),
});

describe('the topic game.activity', () => {
  it('makes a player of a trusted issuer, and puts an unknown issuer aside', async () => {
    const event = (userId: string, n: number) =>
      record({ id: `e${n}`, userId, metric: 'wins', at: now.toISOString() }, n);
    const records = [event('ext:game:1', 0), event('ext:other:1', 1), event('ext:game:1', 2)];
    const refused = await takePlayerEvents(store.progress, records, now);
    assert.deepEqual(
      refused.map((one) => [one.record.offset, one.reason]),
      [[1n, 'userId: No trusted issuer is named other']],
    );
    const userId = await store.users.findExternal('ext:game:1');
    const [total] = await store.progress.totals(String(userId), undefined, 10);
    assert.equal(total?.sum, 2);
  });
});

describe('the topic user.status', () => {
  const left: string[] = [];
  const take = (...values: object[]) =>
    takeUserStatus(
      {
        users: store.users,
        issuers,
        onUserLeft: async (userId) => void left.push(userId),
        onFailure: assert.ifError,
        now: () => now,
      },
      values.map(record),
    );

  it('bans a player of a trusted issuer whom nobody has seen yet', async () => {
    const at = new Date(now.getTime() - 60_000).toISOString();
    assert.deepEqual(await take({ userId: 'ext:game:banned', status: 'BANNED', at }), []);
    const userId = String(await store.users.findExternal('ext:game:banned'));
    assert.equal((await store.users.get(userId))?.status, 'BANNED');
    assert.deepEqual(left, [userId]);
  });

  it('puts an unknown issuer and a malformed ID aside', async () => {
    const at = now.toISOString();
    const refused = await take(
      { userId: 'ext:other:1', status: 'BANNED', at },
      { userId: 'ext:game:', status: 'BANNED', at },
    );
    assert.match(refused[0]?.reason ?? '', /^userId: No trusted issuer is named other$/);
    assert.match(refused[1]?.reason ?? '', /^userId: Not ext:/);
  });
});
