/**
 * `kill -9` of the streams' process and of the broker while events pour in: every counter is exact.
 * KILL_TEST_EVENTS sets how many; `npm test` takes fewer than a game sends.
 */
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Connection } from 'mongoose';
import { documented, notShown, typesIn } from '../../deploy/observability/queries.ts';
import { type Child, startChild } from '../../local/processes/child-process.ts';
import { LineWatch } from '../../local/processes/line-watch.ts';
import { freePort } from '../../local/processes/ports.ts';
import { openStore, type Store } from '../../store/index.ts';
import { connect } from '../../store/mongodb/connection.ts';
import { newPlayer } from '../../store/test-store.ts';
import { dropDatabase } from '../drop-database.ts';
import { until } from '../helpers.ts';
import { endSoon, produce } from '../kafka-records.ts';
import { type KafkaServer, kafkaServer } from '../kafka-server.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

const EVENTS = Number(process.env.KILL_TEST_EVENTS ?? 5_000);
const PLAYERS = 40;
const BATCH = 500;

const READY_MS = 90_000;
/** A dead member's partitions are given away after ten seconds, a broker is back after as many. */
const COUNTED_WITHIN_MS = 180_000;

const MAIN = join(resolve(import.meta.dirname, '../..'), 'streams', 'main.ts');

let servers: TestServers;
let kafka: KafkaServer;
let uri: string;
let database: Connection;
let store: Store;
let players: string[];
let child: Child | undefined;
let metricsPort: number;

before(async () => {
  [servers, kafka] = await Promise.all([testServers(), kafkaServer()]);
  metricsPort = await freePort();
  uri = servers.mongodbUri(uniqueName('kills'));
  database = await connect(uri, { appName: 'test' });
  store = await openStore(database);
  players = await Promise.all(Array.from({ length: PLAYERS }, () => newPlayer(store)));
});
after(async () => {
  child?.signal('SIGKILL');
  await child?.ended;
  await dropDatabase(database);
  await database?.close();
  await Promise.all([servers?.stop(), kafka?.stop()]);
  endSoon();
});

/** The streams' process, once it says that it is ready. */
async function startStreams(): Promise<Child> {
  const lines = new LineWatch();
  const env = {
    ...process.env,
    MONGODB_URI: uri,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    KAFKA_BROKERS: kafka.brokers.join(','),
    LOG_LEVEL: 'fatal',
    HOST: '127.0.0.1',
    METRICS_PORT: String(metricsPort),
  };
  const ready = lines.next((line) => line.includes('streams ready'), AbortSignal.timeout(READY_MS));
  ready.catch(() => {});
  const started = await startChild(
    { file: process.execPath, args: [MAIN], env },
    { chunk: () => {}, line: (text, stream) => lines.add(text, stream) },
  );
  await ready;
  return started;
}

// Counted one by one: the collection's own figure has in it what a batch is about to take back.
const kept = () => store.progress.playerEvents.model.countDocuments();

const keptAtLeast = (count: number) =>
  until(async () => (await kept()) >= count, `${count} events`, COUNTED_WITHIN_MS);

/** The n-th event; every seventh is of long ago, and so goes straight to the aggregates. */
function event(n: number, nowMs: number) {
  const ageMs = n % 7 === 0 ? 20 * 86_400_000 : 60_000;
  return {
    id: `act-${n}`,
    userId: players[n % PLAYERS] as string,
    metric: 'boss.killed',
    key: `boss-${n % 3}`,
    value: 1 + (n % 5),
    at: new Date(nowMs - ageMs - n).toISOString(),
  };
}

/** Sends them all in their order, and of each batch a part again with the next. */
async function sendAll(events: ReturnType<typeof event>[]): Promise<void> {
  for (let n = 0; n < events.length; n += BATCH) {
    const batch = events.slice(Math.max(n - BATCH / 10, 0), n + BATCH);
    const records = batch.map((one) => ({ key: one.userId, value: JSON.stringify(one) }));
    await produce(kafka.brokers, 'game.activity', records);
  }
}

describe('events that pour in over Kafka', () => {
  it(`are each counted once, ${EVENTS} of them, when process and broker are killed meanwhile`, async () => {
    child = await startStreams();
    const nowMs = Date.now();
    const events = Array.from({ length: EVENTS }, (_, n) => event(n, nowMs));
    const sent = sendAll(events);
    sent.catch(() => {});

    await keptAtLeast(EVENTS * 0.1);
    child.signal('SIGKILL');
    await child.ended;
    child = await startStreams();

    await keptAtLeast(EVENTS * 0.5);
    kafka.kill();
    await kafka.restart();

    await sent;
    await keptAtLeast(EVENTS);
    assert.equal(await kept(), EVENTS);
    const window = { from: null, until: new Date(), timeZone: 'UTC', resetHour: 0, resetMinute: 0 };
    for (const player of players) {
      const own = events.filter(({ userId }) => userId === player);
      const keys = [null, 'boss-0', 'boss-1', 'boss-2'];
      const counted = await store.progress.read(
        player,
        keys.map((key) => ({
          metric: 'boss.killed',
          aggregation: 'COUNT' as const,
          key,
          ...window,
        })),
      );
      const expected = keys.map((asked) =>
        own
          .filter(({ key }) => asked === null || key === asked)
          .reduce((sum, { value }) => sum + value, 0),
      );
      assert.deepEqual(counted, expected);
    }
  });

  it('leave a process whose metrics show what came, and that nothing waits', async () => {
    await produce(kafka.brokers, 'game.activity', [{ key: players[0] as string, value: '{' }]);
    const shown = async () => await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const isThere = (line: RegExp) =>
      until(async () => line.test(await shown()), String(line), COUNTED_WITHIN_MS);
    await isThere(/^laurel_dead_letters_total\{topic="game.activity"\} 1$/m);
    await isThere(/^laurel_kafka_records_total\{topic="game.activity",outcome="dead_letter"\} 1$/m);
    await isThere(/^laurel_kafka_records_total\{topic="game.activity",outcome="handled"\} [1-9]/m);
    await isThere(/^laurel_kafka_consumer_lag\{topic="game.activity"\} 0$/m);
    // The process that was killed held the lease; it lasts for 30 seconds.
    await isThere(/^laurel_claim_feed_lag_seconds \d+(\.\d+)?$/m);
    const text = await shown();
    // What rules, boards and the document name of the streams is there.
    const isOfStreams = (name: string) => /^laurel_(kafka|dead_letters|claim_feed)_/.test(name);
    assert.deepEqual(notShown([text], isOfStreams), []);
    assert.deepEqual(
      documented().filter(isOfStreams).toSorted(),
      typesIn([text]).filter(isOfStreams).toSorted(),
    );
    assert.match(text, /^laurel_process_info\{process="streams",version="[^"]+"\} 1$/m);
    for (const player of players) assert.ok(!text.includes(player), player);
  });
});
