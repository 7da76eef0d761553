/** Every partition is read, by its own installation, or something says so; and nothing is lost with a broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newClaim, newPlayer, type StoreFixture, storeFixture } from '../../store/test-store.ts';
import { consume } from '../../streams/consumer.ts';
import { createOutlet } from '../../streams/kafka.ts';
import { createProgress } from '../../streams/partitions.ts';
import { until } from '../helpers.ts';
import { lagOf, produce, readTopic, type TestRecord, withAdmin } from '../kafka-records.ts';
import {
  distinct,
  kill,
  PATIENCE_MS,
  type RunningStreams,
  type StreamsFixture,
  streamsFixture,
  WHOLE,
} from '../streams-fixture.ts';

/** What is promised of partitions that are added. */
const READ_WITHIN_MS = 60_000;

const LOOK_EVERY_MS = 200;

let f: StreamsFixture;
const running: RunningStreams[] = [];
const others: StoreFixture[] = [];
before(async () => {
  f = await streamsFixture();
  running.push(await f.start({ lookEveryMs: LOOK_EVERY_MS }));
});
after(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await Promise.all(others.map((one) => one.close()));
  await f?.close();
});

/** A player event that happens now. */
const record = (userId: string): TestRecord => ({
  key: userId,
  value: JSON.stringify(kill(userId, { at: new Date().toISOString() })),
});

const kept = ({ store }: Pick<StoreFixture, 'store'>, userId: string): Promise<number> =>
  store.progress.playerEvents.model.countDocuments({ userId });

const isCaughtUp = async (topic: string, groupId: string) =>
  (await lagOf(f.kafka.brokers, topic, groupId)) === 0n;

describe('an installation', () => {
  it('reads partitions that are added within a minute, with two processes too', async () => {
    running.push(await f.start({ lookEveryMs: LOOK_EVERY_MS }));
    const userId = await newPlayer(f.t.store);
    await produce(f.kafka.brokers, 'game.activity', [record(userId)]);
    await until(async () => (await kept(f.t, userId)) === 1, 'the group to have met', PATIENCE_MS);

    const assignments = Array.from({ length: 6 }, () => ({ brokerIds: [1] }));
    const topics = [{ name: 'game.activity', count: 12, assignments }];
    await withAdmin(f.kafka.brokers, (admin) => admin.createPartitions({ topics }));
    const added = Array.from({ length: 12 }, (_, partition) => {
      return { ...record(userId), partition };
    });
    await produce(f.kafka.brokers, 'game.activity', added);
    await until(async () => (await kept(f.t, userId)) === 13, 'all twelve', READ_WITHIN_MS);
    await until(() => isCaughtUp('game.activity', 'laurel-activity'), 'them to be committed');
  });

  it('shares a broker with another one by a prefix: neither takes what is the other’s', async () => {
    const other = await storeFixture();
    others.push(other);
    running.push(await f.start({ prefix: 'other_1.', store: other }));
    const [mine, theirs] = [await newPlayer(f.t.store), await newPlayer(other.store)];
    const many = (userId: string) => Array.from({ length: 50 }, () => record(userId));
    await produce(f.kafka.brokers, 'game.activity', many(mine));
    await produce(f.kafka.brokers, 'other_1.game.activity', [...many(theirs), record(mine)]);
    await until(async () => (await kept(f.t, mine)) === 50, 'mine', PATIENCE_MS);
    await until(async () => (await kept(other, theirs)) === 50, 'theirs', PATIENCE_MS);
    const { claim } = await other.store.claims.accept(newClaim());

    const [dead, states] = await Promise.all([
      readTopic(f.kafka.brokers, 'other_1.game.activity.dead'),
      readTopic(f.kafka.brokers, 'other_1.claim.state'),
    ]);
    const isTold = () => states.records.some(({ key }) => key === claim._id);
    await until(() => dead.records.length === 1 && isTold(), 'dead letter and claim', PATIENCE_MS);
    assert.equal(dead.records[0]?.headers.reason, 'userId: There is no user with this ID');
    await Promise.all([dead.close(), states.close()]);
    const groups = await withAdmin(f.kafka.brokers, (admin) => admin.listGroups());
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
    await withAdmin(f.kafka.brokers, (admin) => admin.createTopics(topic));
    const said: string[] = [];
    const readAll = async () => {
      const stopping = new AbortController();
      const outlet = createOutlet(f.kafka.brokers);
      const end = consume({
        ...{ brokers: f.kafka.brokers, topic: name, deadTopic: 'deleted.dead', groupId: name },
        ...{ batchSize: 10, sideBySide: 1, outlet, progress: createProgress(), onTaken: () => {} },
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
    await produce(f.kafka.brokers, name, three);
    await readAll();
    await produce(f.kafka.brokers, name, three);
    const gone = { topics: [{ name, partitions: [{ partition: 1, offset: 5n }] }] };
    await withAdmin(f.kafka.brokers, (admin) => admin.deleteRecords(gone));
    await readAll();
    assert.deepEqual(said, ['2 records of deleted/1 were deleted before they were read']);
  });

  it('ends while one partition stands still, though the others are read, and goes on with it', async () => {
    const topic = { topics: [TOPIC], partitions: 3, replicas: 1 };
    await withAdmin(f.kafka.brokers, (admin) => admin.createTopics(topic));
    const record = (partition: number, value: string) => ({ key: 'k', value, partition });
    const stopping = new AbortController();
    const outlet = createOutlet(f.kafka.brokers);
    const progress = createProgress(STALLED_AFTER_MS);
    const stuck = Promise.withResolvers<void>();
    const seen: string[] = [];
    const said: string[] = [];
    const end = consume({
      ...{
        brokers: f.kafka.brokers,
        topic: TOPIC,
        deadTopic: 'progress.dead',
        groupId: 'progress',
      },
      ...{ batchSize: 1, sideBySide: 4, outlet, progress, lookEveryMs: LOOK_EVERY_MS },
      onTaken: () => {},
      signal: stopping.signal,
      isPassing: () => false,
      onFailure: (error) => void said.push((error as Error).message),
      async handle([{ value } = { value: null }]) {
        if (String(value) === 'stuck') await stuck.promise;
        seen.push(String(value));
        return [];
      },
    });

    await produce(f.kafka.brokers, TOPIC, [record(1, 'stuck'), record(2, 'other')]);
    await until(() => seen.includes('other'), 'the other partition', PATIENCE_MS);
    await until(() => !progress.isMoving(), 'the standstill to be seen', PATIENCE_MS);
    assert.ok(
      said.includes('progress/1 stands still, and has records that are not read'),
      said.join(),
    );
    // The records of other partitions that came after it are not committed either.
    assert.ok(progress.lag() >= 1, `${progress.lag()} records`);
    stuck.resolve();
    await until(() => progress.isMoving(), 'it to go on', PATIENCE_MS);
    await until(() => isCaughtUp(TOPIC, 'progress'), 'all records', PATIENCE_MS);
    await until(() => progress.lag() === 0, 'the lag to be seen', PATIENCE_MS);
    stopping.abort();
    await end;
    await outlet.close();
  });
});

describe('a broker that is killed', () => {
  it('loses nothing, and everything goes on once it is back', async () => {
    const [userId, user] = [await newPlayer(f.t.store), await f.t.signIn()];
    await f.send('game.activity', kill(userId));
    await f.caughtUp();
    const claim = await f.accept();
    await f.published(claim, 1);
    f.kafka.kill();
    await f.runThrough(claim);
    const call = { token: f.gameServer.accessToken, body: { events: [kill(userId)] } };
    assert.equal((await f.t.call('POST', '/api/activity-events', call)).status, 202);
    await f.kafka.restart();
    await f.send('game.activity', kill(userId));
    await f.send('user.status', {
      ...{ userId: user.id, status: 'BANNED' },
      at: new Date(Date.now() + 1_000).toISOString(),
    });
    await f.caughtUp();
    assert.equal(await f.count(userId), 3);
    assert.deepEqual(distinct(await f.published(claim, 5)), WHOLE);
    await until(
      async () => (await f.t.store.users.get(user.id))?.status === 'BANNED',
      'the ban',
      PATIENCE_MS,
    );
  });
});
