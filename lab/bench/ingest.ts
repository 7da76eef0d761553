/**
 * Activity events a second over HTTP and over Kafka, beside the same number of bare bulk writes: the
 * same documents by the driver, in batches of the same size, as many under way at once, with the same
 * write concern, into a collection without any index of its own.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import type { Connection } from 'mongoose';
import type { Child } from '../../local/processes/child-process.ts';
import { freePort } from '../../local/processes/ports.ts';
import { connect, WRITE_CONCERN } from '../../store/mongodb/connection.ts';
import { type Figures, ratio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { startProcess } from './processes.ts';
import { runRounds, type Side } from './rounds.ts';
import { withStops } from './stop-at-end.ts';
import { type BenchServers, startBenchServers } from './servers.ts';

const BATCH = 1_000;
const PLAYERS = 5_000;
const METRICS = ['quest.completed', 'boss.killed', 'login'];
const IN_FLIGHT = 4;
const POLL_MS = 5;

const BARE = 'bare bulk writes';
const HTTP = 'over HTTP';
const KAFKA = 'over Kafka';

interface Event {
  id: string;
  userId: string;
  metric: string;
  key: string;
  at: string;
}

/**
 * Makes everything ready that is no work of ours, and answers what is measured: it resolves once all
 * of the events are kept.
 */
type Road = (events: Event[]) => Promise<() => Promise<void>>;

/** Half of what the driver alone does is what was promised. */
const PROMISED = 0.5;

export async function benchIngest(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, say } = options;
    const count = isShort ? 5_000 : 40_000;
    const servers = stopAtEnd(await startBenchServers({ kafka: true }, say));
    const measured = stopAtEnd(await startMeasured(servers));
    const database = await connect(measured.mongodbUri, { appName: 'laurel-bench' });
    stopAtEnd({ stop: () => database.close() });
    await makePlayers(database);
    const roads = await roadsTo(measured, database);
    const sides = Object.entries(roads).map(([name, road]) => sideOf(name, road, count));
    const rows = await runRounds(sides, options);
    const checks = [HTTP, KAFKA].map((name) => ratio(rows, name, BARE, { atLeast: PROMISED }));
    return { rows, checks, notes: [`${count} events a round.`] };
  });
}

function sideOf(name: string, road: Road, count: number): Side {
  return {
    name,
    unit: 'a second',
    async run() {
      const take = await road(makeEvents(count));
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

/** The API and the streams, as they run in production; no limits on callers. */
async function startMeasured(servers: BenchServers): Promise<Measured> {
  const { secrets, brokers } = servers;
  const port = await freePort();
  const mongodbUri = servers.mongodbUri('bench');
  const env = {
    ...process.env,
    MONGODB_URI: mongodbUri,
    // Nobody answers there, and nothing that is measured asks.
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

/** No more of a player than that there is one: a password costs half a second. */
async function makePlayers(database: Connection): Promise<void> {
  const users = Array.from({ length: PLAYERS }, (_, n) => {
    return { _id: playerId(n), usernameKey: playerId(n) };
  });
  await database.collection<{ _id: string }>('users').insertMany(users);
}

function makeEvents(count: number): Event[] {
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

async function roadsTo(measured: Measured, database: Connection): Promise<Record<string, Road>> {
  const token = await gameServerToken(measured);
  return {
    [BARE]: bareRoad(database),
    [HTTP]: httpRoad(measured, token),
    [KAFKA]: kafkaRoad(measured, database),
  };
}

function bareRoad(database: Connection): Road {
  return async (events) => {
    const collection = database.collection<{ _id: string }>('bare');
    const batches = batchesOf(
      events.map(({ id, at, ...rest }) => ({ _id: id, ...rest, at: new Date(at) })),
    );
    return async () =>
      await inFlight(batches, async (batch) => {
        await collection.insertMany(batch, { ordered: false, writeConcern: WRITE_CONCERN });
      });
  };
}

function httpRoad({ apiUrl }: Measured, token: string): Road {
  return async (events) => {
    const batches = batchesOf(events).map((batch) => JSON.stringify({ events: batch }));
    return async () =>
      await inFlight(batches, async (body) => {
        const outcome = await send<object>('POST', `${apiUrl}/api/activity-events`, body, token);
        if (!isDeepStrictEqual(outcome, { accepted: BATCH, duplicates: 0, rejected: [] })) {
          throw new Error(`a batch was answered ${JSON.stringify(outcome)}`);
        }
      });
  };
}

/** The events wait in the topic when the clock starts, and the process that takes them stands still. */
function kafkaRoad({ brokers, streams }: Measured, database: Connection): Road {
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

async function produce(brokers: string[], events: Event[]): Promise<void> {
  const serializers = stringSerializers;
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers, serializers });
  for (const batch of batchesOf(events)) {
    const messages = batch.map((event) => ({
      topic: 'game.activity',
      key: event.userId,
      value: JSON.stringify(event),
    }));
    await producer.send({ messages, acks: ProduceAcks.ALL });
  }
  await producer.close();
}

function batchesOf<T>(all: T[]): T[][] {
  const starts = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, n) => n * BATCH);
  return starts.map((start) => all.slice(start, start + BATCH));
}

async function inFlight<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** The access token of a game server, as one comes to it. */
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
