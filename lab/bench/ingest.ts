/**
 * Player events a second over HTTP and over Kafka, compared with bare bulk writes: the driver writes
 * the same documents in batches of the same size, as many at once, with the same write concern, into
 * a collection without indexes.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import type { Connection } from 'mongoose';
import type { Child } from '../../local/processes/child-process.ts';
import { freePort } from '../../local/processes/ports.ts';
import { connect, WRITE_CONCERN } from '../../store/mongodb/connection.ts';
import { closedLoop } from './closed-loop.ts';
import { batchesOf } from './collections.ts';
import { type Figures, ratio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { startProcess } from './processes.ts';
import { runRounds, type Side } from './rounds.ts';
import { type BenchServers, startBenchServers } from './servers.ts';
import { withStops } from './stop-at-end.ts';

/** Events of one batch: the most that the route takes. */
const BATCH = 1_000;
/** Players whose events come in, at random. */
const PLAYERS = 5_000;
const METRICS = ['quest.completed', 'boss.killed', 'login'];
/** Batches under way at once. */
const IN_FLIGHT = 4;
/** Short, as a look may end up to so much too late. */
const POLL_MS = 5;

const BARE = 'bare bulk writes';
const HTTP = 'over HTTP';
const KAFKA = 'over Kafka';

/** A player event as a game's server reports it. */
interface PlayerEvent {
  id: string;
  userId: string;
  metric: string;
  key: string;
  at: string;
}

/**
 * A way to bring events in. It prepares what is not measured, and returns the measured work, which
 * resolves once all events are stored.
 */
type Intake = (events: PlayerEvent[]) => Promise<() => Promise<void>>;

/** The share of the driver's own rate that was promised. */
const PROMISED = 0.5;

/** The part `ingest`. */
export async function benchIngest(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, say } = options;
    const count = isShort ? 5_000 : 40_000;
    const servers = stopAtEnd(await startBenchServers({ kafka: true }, say));
    const measured = stopAtEnd(await startMeasured(servers));
    const database = await connect(measured.mongodbUri, { appName: 'laurel-bench' });
    stopAtEnd({ stop: () => database.close() });
    await makePlayers(database);
    const intakes = await intakesOf(measured, database);
    const sides = Object.entries(intakes).map(([name, intake]) => sideOf(name, intake, count));
    const rows = await runRounds(sides, options);
    const checks = [HTTP, KAFKA].map((name) => ratio(rows, name, BARE, { atLeast: PROMISED }));
    return { rows, checks, notes: [`${count} events a round.`] };
  });
}

function sideOf(name: string, intake: Intake, count: number): Side {
  return {
    name,
    unit: 'a second',
    async run() {
      const take = await intake(makeEvents(count));
      const startedMs = performance.now();
      await take();
      return { value: (count / (performance.now() - startedMs)) * 1_000 };
    },
  };
}

interface Measured {
  mongodbUri: string;
  brokers: string[];
  apiUrl: string;
  streams: Child;
  admin: { username: string; password: string };
  stop(): Promise<void>;
}

/** Starts the API and the streams as in production, but without rate limits. */
async function startMeasured(servers: BenchServers): Promise<Measured> {
  const { secrets, brokers } = servers;
  const port = await freePort();
  const mongodbUri = servers.mongodbUri('bench');
  const env = {
    ...process.env,
    MONGODB_URI: mongodbUri,
    // There is no Temporal: nothing that is measured needs it.
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    KAFKA_BROKERS: brokers.join(','),
    ADMIN_PASSWORD: secrets.adminPassword,
    JWT_KEYS: secrets.jwtKeys,
    PORT: String(port),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'info',
  };
  const api = await startProcess({ name: 'api', file: 'api/main.ts', ready: 'api ready' }, env);
  const spec = { name: 'streams', file: 'streams/main.ts', ready: 'streams ready' };
  const streams = await startProcess(spec, env);
  return {
    mongodbUri,
    brokers,
    apiUrl: `http://127.0.0.1:${port}`,
    streams: streams.child,
    admin: { username: 'admin', password: secrets.adminPassword },
    stop: async () => void (await Promise.all([api.stop(), streams.stop()])),
  };
}

const playerId = (n: number): string => `usr_${String(n).padStart(24, '0')}`;

/** Inserts players that have an ID only: hashing a password would take half a second. */
async function makePlayers(database: Connection): Promise<void> {
  const users = Array.from({ length: PLAYERS }, (_, n) => {
    return { _id: playerId(n), usernameKey: playerId(n) };
  });
  await database.collection<{ _id: string }>('users').insertMany(users);
}

function makeEvents(count: number): PlayerEvent[] {
  const nowMs = Date.now();
  const any = (n: number) => Math.floor(Math.random() * n);
  return Array.from({ length: count }, () => ({
    id: randomUUID(),
    userId: playerId(any(PLAYERS)),
    metric: METRICS[any(METRICS.length)] as string,
    key: `key-${any(20)}`,
    at: new Date(nowMs - any(3_600_000)).toISOString(),
  }));
}

async function intakesOf(
  measured: Measured,
  database: Connection,
): Promise<Record<string, Intake>> {
  const token = await gameServerToken(measured);
  return {
    [BARE]: bareIntake(database),
    [HTTP]: httpIntake(measured, token),
    [KAFKA]: kafkaIntake(measured, database),
  };
}

function bareIntake(database: Connection): Intake {
  return async (events) => {
    const collection = database.collection<{ _id: string }>('bare');
    const batches = batchesOf(
      events.map(({ id, at, ...rest }) => ({ _id: id, ...rest, at: new Date(at) })),
      BATCH,
    );
    return async () =>
      await closedLoop(batches, IN_FLIGHT, async (batch) => {
        await collection.insertMany(batch, { ordered: false, writeConcern: WRITE_CONCERN });
      });
  };
}

function httpIntake({ apiUrl }: Measured, token: string): Intake {
  return async (events) => {
    const batches = batchesOf(events, BATCH).map((batch) => JSON.stringify({ events: batch }));
    return async () =>
      await closedLoop(batches, IN_FLIGHT, async (body) => {
        const outcome = await send<object>('POST', `${apiUrl}/api/activity-events`, body, token);
        if (!isDeepStrictEqual(outcome, { accepted: BATCH, duplicates: 0, rejected: [] })) {
          throw new Error(`a batch was answered ${JSON.stringify(outcome)}`);
        }
      });
  };
}

/** The streams process is frozen until the events are in the topic and the clock starts. */
function kafkaIntake({ brokers, streams }: Measured, database: Connection): Intake {
  const kept = () => database.collection('activity_events').estimatedDocumentCount();
  return async (events) => {
    const expected = (await kept()) + events.length;
    streams.signal('SIGSTOP');
    await produce(brokers, events);
    return async () => {
      streams.signal('SIGCONT');
      while ((await kept()) < expected) await sleep(POLL_MS);
    };
  };
}

async function produce(brokers: string[], events: PlayerEvent[]): Promise<void> {
  const serializers = stringSerializers;
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers, serializers });
  for (const batch of batchesOf(events, BATCH)) {
    const messages = batch.map((event) => ({
      topic: 'game.activity',
      key: event.userId,
      value: JSON.stringify(event),
    }));
    await producer.send({ messages, acks: ProduceAcks.ALL });
  }
  await producer.close();
}

/** Registers a game server and returns its access token. */
async function gameServerToken({ apiUrl, admin }: Measured): Promise<string> {
  const account = { username: 'bench', password: randomUUID() };
  const { id } = await post<{ id: string }>(`${apiUrl}/api/auth/register`, account);
  const login = async (who: object) =>
    (await post<{ accessToken: string }>(`${apiUrl}/api/auth/login`, who)).accessToken;
  const adminToken = await login(admin);
  const role = JSON.stringify({ role: 'GAME_SERVER' });
  await send('PATCH', `${apiUrl}/api/users/${id}`, role, adminToken);
  return await login(account);
}

const post = <T>(url: string, body: object) => send<T>('POST', url, JSON.stringify(body));

async function send<T>(method: string, url: string, body: string, token?: string): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body,
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return (await response.json()) as T;
}
