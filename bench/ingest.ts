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
import { connect, WRITE_CONCERN } from '../store/connection.ts';
import type { BenchOptions, Figures } from './main.ts';
import { median } from './median.ts';
import { type Measured, startMeasured } from './processes.ts';

const BATCH = 1_000;
const PLAYERS = 5_000;
const METRICS = ['quest.completed', 'boss.killed', 'login'];
const IN_FLIGHT = 4;
const POLL_MS = 5;

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

export async function benchIngest({ isShort, say }: BenchOptions): Promise<Figures> {
  const count = isShort ? 5_000 : 40_000;
  const rounds = isShort ? 2 : 7;
  const measured = await startMeasured(say);
  const database = await connect(measured.mongodbUri, { appName: 'laurel-bench' });
  try {
    const roads = await roadsTo(measured, database);
    const rates = await measure(roads, count, rounds, say);
    return figuresOf(rates, count);
  } finally {
    await database.close();
    await measured.stop();
  }
}

async function measure(
  roads: Record<string, Road>,
  count: number,
  rounds: number,
  say: (line: string) => void,
): Promise<Record<string, number[]>> {
  const names = Object.keys(roads);
  const rates = Object.fromEntries(names.map((name): [string, number[]] => [name, []]));
  // One round more, and first: code is compiled and connections are made in it.
  for (let round = 0; round <= rounds; round += 1) {
    // In turn another is first, so that none always comes after the same.
    const order = names.map((_, n) => names[(n + round) % names.length] as string);
    for (const name of order) {
      const take = await roads[name]?.(makeEvents(count));
      const startedMs = performance.now();
      await take?.();
      const rate = Math.round((count / (performance.now() - startedMs)) * 1_000);
      if (round > 0) rates[name]?.push(rate);
      say(`${round === 0 ? 'warm-up' : `round ${round}`}: ${name} ${rate}/s`);
    }
  }
  return rates;
}

function figuresOf(rates: Record<string, number[]>, events: number): Figures {
  const medians = Object.fromEntries(
    Object.entries(rates).map(([name, all]) => [name, median(all)]),
  );
  const share = (name: string) => Number(((medians[name] ?? 0) / (medians.bare ?? 1)).toFixed(2));
  const [http, kafka] = [share('http'), share('kafka')];
  const isKept = Math.min(http, kafka) >= PROMISED;
  return {
    lines: [
      `${events} events a round, medians of ${rates.bare?.length} rounds:`,
      `  bare bulk writes  ${medians.bare}/s`,
      `  over HTTP         ${medians.http}/s, ${http} of bare`,
      `  over Kafka        ${medians.kafka}/s, ${kafka} of bare`,
      `  promised are ${PROMISED}: ${isKept ? 'kept' : 'not kept'}`,
    ],
    json: { events, perSecond: medians, share: { http, kafka }, promised: PROMISED, isKept, rates },
  };
}

function makeEvents(count: number): Event[] {
  const nowMs = Date.now();
  const any = (n: number) => Math.floor(Math.random() * n);
  return Array.from({ length: count }, () => ({
    id: randomUUID(),
    userId: `usr_${String(any(PLAYERS)).padStart(24, '0')}`,
    metric: METRICS[any(METRICS.length)] as string,
    key: `key-${any(20)}`,
    at: new Date(nowMs - any(3_600_000)).toISOString(),
  }));
}

async function roadsTo(measured: Measured, database: Connection): Promise<Record<string, Road>> {
  const token = await gameServerToken(measured);
  return {
    bare: bareRoad(database),
    http: httpRoad(measured, token),
    kafka: kafkaRoad(measured, database),
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
