/** The streams as their process runs them, over a real broker, and what is sent and read there. */
import { type SignedIn, type TestApp, testApp } from '../api/test-app.ts';
import { createClaimFeed } from '../store/claims/claim-feed.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { isOfDatabase } from '../store/mongodb/connection.ts';
import { newClaim, type Sent, type StoreFixture } from '../store/test-store.ts';
import { runStreams } from '../streams/run.ts';
import { until } from './helpers.ts';
import { endSoon, lagOf, produce, type ReadRecord, readTopic } from './kafka-records.ts';
import { type KafkaServer, kafkaServer } from './kafka-server.ts';
import { uniqueName } from './servers.ts';

/** A group's first assignment, on a machine with much else to do. */
export const PATIENCE_MS = 90_000;
/** A player event's age, unless a test says otherwise. */
const MINUTE_MS = 60_000;
const GROUP = 'laurel-activity';

/** So many milliseconds ago, as it is sent. */
export const ago = (durationMs: number) => new Date(Date.now() - durationMs).toISOString();

/** The player killed a boss a minute ago; `given` changes it. */
export const kill = (userId: string, given: Partial<Sent> = {}): Sent => ({
  id: uniqueName('act'),
  userId,
  metric: 'boss.killed',
  at: ago(MINUTE_MS),
  ...given,
});

/** The versions of a claim that ran through, as they are published. */
export const WHOLE = [
  '1 PENDING_VALIDATION',
  '2 RESERVING_STOCK',
  '3 FULFILLING',
  '4 FULFILLING',
  '5 GRANTED',
];
const STATES = ['RESERVING_STOCK', 'FULFILLING', 'FULFILLING', 'GRANTED'];

/** Without those that came again: each at least once is what is promised. */
export const distinct = (seen: string[]): string[] => [...new Set(seen)];

export interface RunningStreams {
  stop(): Promise<void>;
}

export interface StreamsFixture {
  t: TestApp;
  kafka: KafkaServer;
  gameServer: SignedIn;
  /** Users whose claims were told that they left. */
  left: string[];
  /** One more process of the streams; resolves once the topics are there. */
  start(options?: StreamsOptions): Promise<RunningStreams>;
  /** Sends each value under its user's ID. */
  send(topic: string, ...values: { userId: string; at: string }[]): Promise<void>;
  /** How many such player events count for the user. */
  count(userId: string, metric?: string): Promise<number>;
  /**
   * Resolves once whatever was sent before was handled: a batch's place is committed after the
   * batch, and batches side by side in their order. A record sent last may be counted before others.
   */
  caughtUp(): Promise<void>;
  /** The topic's records that fit, once there are so many. */
  recordsOf(
    topic: string,
    fits: (record: ReadRecord) => boolean,
    least: number,
  ): Promise<ReadRecord[]>;
  /** A new claim. */
  accept(): Promise<Claim>;
  /** One change of a claim, by a verb or past them all. */
  change(claim: Claim, set: object): Promise<void>;
  /** Changes a claim from its acceptance to its grant: five versions. */
  runThrough(claim: Claim): Promise<void>;
  /** The versions and states published for a claim, once the last is there. */
  published(claim: Claim, lastVersion: number): Promise<string[]>;
  close(): Promise<void>;
}

interface StreamsOptions {
  /** Of the installation's topics and groups. */
  prefix?: string;
  /** How often it looks for partitions that were added, in milliseconds. */
  lookEveryMs?: number;
  /** The store of another installation. */
  store?: StoreFixture;
}

/** A broker, a store and an API over it; no process of the streams runs until `start`. */
export async function streamsFixture(): Promise<StreamsFixture> {
  const [t, kafka] = await Promise.all([testApp(), kafkaServer()]);
  const gameServer = await t.signIn('GAME_SERVER');
  const left: string[] = [];
  const { brokers } = kafka;

  async function change(claim: Claim, set: object): Promise<void> {
    const update = { $set: { ...set, updatedAt: new Date() }, $inc: { version: 1 } };
    await t.connection.collection<Claim>('claims').updateOne({ _id: claim._id }, update);
  }

  return {
    t,
    kafka,
    gameServer,
    left,
    change,

    async start({ store: other, ...options } = {}) {
      const stopping = new AbortController();
      const ready = Promise.withResolvers<unknown>();
      const running = runStreams({
        ...options,
        brokers,
        store: other?.store ?? t.store,
        feed: createClaimFeed(other?.connection ?? t.connection),
        onUserLeft: async (userId) => {
          left.push(userId);
        },
        isPassing: isOfDatabase,
        onFailure: () => {},
        onReady: () => ready.resolve(undefined),
        now: () => new Date(),
        signal: stopping.signal,
      });
      await Promise.race([ready.promise, running]);
      return {
        async stop() {
          stopping.abort();
          await running;
        },
      };
    },

    async send(topic, ...values) {
      const records = values.map((value) => ({ key: value.userId, value: JSON.stringify(value) }));
      await produce(brokers, topic, records);
    },

    async count(userId, metric = 'boss.killed') {
      const day = { timeZone: 'UTC', resetHour: 0, resetMinute: 0 };
      const window = { from: null, until: new Date(), ...day };
      const query = { metric, key: null, aggregation: 'COUNT' as const, ...window };
      return (await t.store.progress.read(userId, [query]))[0] ?? 0;
    },

    async caughtUp() {
      const isCaughtUp = async () => (await lagOf(brokers, 'game.activity', GROUP)) === 0n;
      await until(isCaughtUp, 'the player events’ places', PATIENCE_MS);
    },

    async recordsOf(topic, fits, least) {
      const reading = await readTopic(brokers, topic);
      try {
        const fitting = () => reading.records.filter(fits);
        await until(() => fitting().length >= least, `${least} records of ${topic}`, PATIENCE_MS);
        return fitting();
      } finally {
        await reading.close();
      }
    },

    accept: async () => (await t.store.claims.accept(newClaim())).claim,

    async runThrough(claim) {
      for (const [n, state] of STATES.entries()) {
        await change(claim, n === 2 ? { fate: 'GRANT' } : { state });
      }
    },

    async published(claim, lastVersion) {
      const reading = await readTopic(brokers, 'claim.state');
      try {
        const own = () =>
          reading.records
            .filter(({ key }) => key === claim._id)
            .map(({ value }) => JSON.parse(value));
        const isThere = () => own().some(({ version }) => version === lastVersion);
        await until(isThere, `version ${lastVersion} of the claim`, PATIENCE_MS);
        return own().map(({ version, state }) => `${version} ${state}`);
      } finally {
        await reading.close();
      }
    },

    async close() {
      await t.close();
      await kafka.stop();
      endSoon();
    },
  };
}
