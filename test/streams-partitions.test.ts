/** Every partition is read, by its own installation, or something says so. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClaimFeed } from '../store/claims/claim-feed.ts';
import { isOfDatabase } from '../store/mongodb/connection.ts';
import { newClaim, newPlayer, type StoreFixture, storeFixture } from '../store/test-store.ts';
import { consume } from '../streams/consumer.ts';
import { createOutlet } from '../streams/kafka.ts';
import { createProgress } from '../streams/partitions.ts';
import { runStreams } from '../streams/run.ts';
import { until } from './helpers.ts';
import { endSoon, lagOf, produce, readTopic, type TestRecord, withAdmin } from './kafka-records.ts';
import { type KafkaServer, kafkaServer } from './kafka-server.ts';
import { uniqueName } from './servers.ts';

/** A group's first assignment, on a machine with much else to do. */
const PATIENCE_MS = 90_000;

/** What is promised of partitions that are added. */
const READ_WITHIN_MS = 60_000;

const LOOK_EVERY_MS = 200;

let kafka: KafkaServer;
let t: StoreFixture;
const running: { stop(): Promise<void> }[] = [];
const others: StoreFixture[] = [];

before(async () => {
  [kafka, t] = await Promise.all([kafkaServer(), storeFixture()]);
});
after(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await Promise.all([t, ...others].map((one) => one?.close()));
  await kafka?.stop();
  endSoon();
});

/** The streams of an installation, once they are ready. */
async function start(fixture: StoreFixture, prefix?: string, lookEveryMs?: number) {
  const stopping = new AbortController();
  const ready = Promise.withResolvers<unknown>();
  const end = runStreams({
    brokers: kafka.brokers,
    ...(prefix !== undefined && { prefix }),
    ...(lookEveryMs !== undefined && { lookEveryMs }),
    store: fixture.store,
    feed: createClaimFeed(fixture.connection),
    onUserLeft: async () => {},
    isPassing: isOfDatabase,
    onFailure: () => {},
    onReady: ready.resolve,
    now: () => new Date(),
    signal: stopping.signal,
  });
  const stop = async () => {
    stopping.abort();
    await end;
  };
  running.push({ stop });
  await Promise.race([ready.promise, end]);
}

const activity = (userId: string): TestRecord => ({
  key: userId,
  value: JSON.stringify({
    ...{ id: uniqueName('act'), userId, metric: 'boss.killed' },
    at: new Date().toISOString(),
  }),
});

const kept = ({ store }: StoreFixture, userId: string): Promise<number> =>
  store.progress.playerEvents.model.countDocuments({ userId });

const isCaughtUp = async (topic: string, groupId: string) =>
  (await lagOf(kafka.brokers, topic, groupId)) === 0n;

describe('an installation', () => {
  it('reads partitions that are added within a minute, with two processes too', async () => {
    await Promise.all([start(t, '', LOOK_EVERY_MS), start(t, '', LOOK_EVERY_MS)]);
    const userId = await newPlayer(t.store);
    await produce(kafka.brokers, 'game.activity', [activity(userId)]);
    await until(async () => (await kept(t, userId)) === 1, 'the group to have met', PATIENCE_MS);

    const assignments = Array.from({ length: 6 }, () => ({ brokerIds: [1] }));
    const topics = [{ name: 'game.activity', count: 12, assignments }];
    await withAdmin(kafka.brokers, (admin) => admin.createPartitions({ topics }));
    const added = Array.from({ length: 12 }, (_, partition) => {
      return { ...activity(userId), partition };
    });
    await produce(kafka.brokers, 'game.activity', added);
    await until(async () => (await kept(t, userId)) === 13, 'all twelve', READ_WITHIN_MS);
    await until(() => isCaughtUp('game.activity', 'laurel-activity'), 'them to be committed');
  });

  it('shares a broker with another one by a prefix: neither takes what is the other’s', async () => {
    const other = await storeFixture();
    others.push(other);
    await start(other, 'other_1.');
    const [mine, theirs] = [await newPlayer(t.store), await newPlayer(other.store)];
    const many = (userId: string) => Array.from({ length: 50 }, () => activity(userId));
    await produce(kafka.brokers, 'game.activity', many(mine));
    await produce(kafka.brokers, 'other_1.game.activity', [...many(theirs), activity(mine)]);
    await until(async () => (await kept(t, mine)) === 50, 'mine', PATIENCE_MS);
    await until(async () => (await kept(other, theirs)) === 50, 'theirs', PATIENCE_MS);
    const { claim } = await other.store.claims.accept(newClaim());

    const [dead, states] = await Promise.all([
      readTopic(kafka.brokers, 'other_1.game.activity.dead'),
      readTopic(kafka.brokers, 'other_1.claim.state'),
    ]);
    const isTold = () => states.records.some(({ key }) => key === claim._id);
    await until(() => dead.records.length === 1 && isTold(), 'dead letter and claim', PATIENCE_MS);
    assert.equal(dead.records[0]?.headers.reason, 'userId: There is no user with this ID');
    await Promise.all([dead.close(), states.close()]);
    const groups = await withAdmin(kafka.brokers, (admin) => admin.listGroups());
    for (const name of ['laurel-activity', 'laurel-user-status']) {
      assert.ok(groups.has(name) && groups.has(`other_1.${name}`), [...groups.keys()].join());
    }
  });
});

describe('the progress of a topic', () => {
  const TOPIC = 'progress';
  const STALLED_AFTER_MS = 1_500;

  it('says what brokers deleted before it was read', async () => {
    const name = 'deleted';
    const topic = { topics: [name], partitions: 2, replicas: 1 };
    await withAdmin(kafka.brokers, (admin) => admin.createTopics(topic));
    const said: string[] = [];
    const readAll = async () => {
      const stopping = new AbortController();
      const outlet = createOutlet(kafka.brokers);
      const end = consume({
        ...{ brokers: kafka.brokers, topic: name, deadTopic: 'deleted.dead', groupId: name },
        ...{ batchSize: 10, sideBySide: 1, outlet, progress: createProgress() },
        signal: stopping.signal,
        isPassing: () => false,
        onFailure: (error) => void said.push((error as Error).message),
        handle: async () => [],
      });
      await until(() => isCaughtUp(name, name), 'all records', PATIENCE_MS);
      stopping.abort();
      await end;
      await outlet.close();
    };
    const three = Array.from({ length: 3 }, () => ({ key: 'k', value: 'v', partition: 1 }));
    await produce(kafka.brokers, name, three);
    await readAll();
    await produce(kafka.brokers, name, three);
    const gone = { topics: [{ name, partitions: [{ partition: 1, offset: 5n }] }] };
    await withAdmin(kafka.brokers, (admin) => admin.deleteRecords(gone));
    await readAll();
    assert.deepEqual(said, ['2 records of deleted/1 were deleted before they were read']);
  });

  it('ends while one partition stands still, though the others are read, and goes on with it', async () => {
    const topic = { topics: [TOPIC], partitions: 3, replicas: 1 };
    await withAdmin(kafka.brokers, (admin) => admin.createTopics(topic));
    const record = (partition: number, value: string) => ({ key: 'k', value, partition });
    const stopping = new AbortController();
    const outlet = createOutlet(kafka.brokers);
    const progress = createProgress(STALLED_AFTER_MS);
    const stuck = Promise.withResolvers<void>();
    const seen: string[] = [];
    const said: string[] = [];
    const end = consume({
      ...{ brokers: kafka.brokers, topic: TOPIC, deadTopic: 'progress.dead', groupId: 'progress' },
      ...{ batchSize: 1, sideBySide: 4, outlet, progress, lookEveryMs: LOOK_EVERY_MS },
      signal: stopping.signal,
      isPassing: () => false,
      onFailure: (error) => void said.push((error as Error).message),
      async handle([{ value } = { value: null }]) {
        if (String(value) === 'stuck') await stuck.promise;
        seen.push(String(value));
        return [];
      },
    });

    await produce(kafka.brokers, TOPIC, [record(1, 'stuck'), record(2, 'other')]);
    await until(() => seen.includes('other'), 'the other partition', PATIENCE_MS);
    await until(() => !progress.isMoving(), 'the standstill to be seen', PATIENCE_MS);
    assert.ok(
      said.includes('progress/1 stands still, and has records that are not read'),
      said.join(),
    );
    stuck.resolve();
    await until(() => progress.isMoving(), 'it to go on', PATIENCE_MS);
    await until(() => isCaughtUp(TOPIC, 'progress'), 'all records', PATIENCE_MS);
    stopping.abort();
    await end;
    await outlet.close();
  });
});
