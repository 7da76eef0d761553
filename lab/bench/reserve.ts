/** Reservations a second by the store, compared with a bare conditional decrement by the driver. */
import { randomUUID } from 'node:crypto';
import { WRITE_CONCERN } from '../../store/mongodb/connection.ts';
import { rateOf } from './closed-loop.ts';
import { type Collections, makeEvent, openCollections } from './collections.ts';
import { type Figures, ratio, type Sample } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { runRounds, type Side } from './rounds.ts';
import { type BenchServers, startBenchServers } from './servers.ts';
import { withStops } from './stop-at-end.ts';

/** Concurrent writers. */
const WRITERS = 64;
const BARE = 'bare conditional $inc, one document';
const VERB = 'reserve, buckets as the product lays them';
const ONE_BUCKET = 'reserve, one bucket';

/** Units of an event with one bucket: few enough that the bucket's limit of holds is not reached. */
const ONE_BUCKET_UNITS = 200;

/** The part `reserve`. */
export async function benchReserve(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const servers = stopAtEnd(await startBenchServers({}, options.say));
    const collections = await openCollections(servers.mongodbUri('bench'), WRITERS);
    stopAtEnd({ stop: () => collections.database.close() });
    const count = options.isShort ? 200 : 4_000;
    const sides = [bareSide, verbSide, oneBucketSide].map((side) =>
      side(servers, collections, count),
    );
    const rows = await runRounds(sides, options);
    const checks = [
      ratio(rows, ONE_BUCKET, BARE, { atLeast: 0.7 }),
      ratio(rows, VERB, BARE, { atLeast: 1 }),
    ];
    return { rows, checks, notes: [NOTE] };
  });
}

const NOTE = `${WRITERS} writers on one reward, majority and journal; every hold stays where it lies.`;

function loadOf(servers: BenchServers, items: string[]) {
  return { items, clients: WRITERS, pids: servers.pids() };
}

function holdIds(count: number): string[] {
  return Array.from({ length: count }, () => `clm_${randomUUID().replaceAll('-', '')}:cape`);
}

function bareSide(servers: BenchServers, { database }: Collections, count: number): Side {
  const collection = database.collection<{ _id: string; available: number }>('bare');
  return {
    name: BARE,
    unit: 'a second',
    async run() {
      const _id = randomUUID();
      await collection.insertOne({ _id, available: count });
      return await rateOf(loadOf(servers, holdIds(count)), async () => {
        const { matchedCount } = await collection.updateOne(
          { _id, available: { $gte: 1 } },
          { $inc: { available: -1 } },
          { writeConcern: WRITE_CONCERN },
        );
        if (matchedCount !== 1) throw new Error('nothing was left');
      });
    },
  };
}

function verbSide(servers: BenchServers, collections: Collections, count: number): Side {
  // Twice as many units as claims: the search for the last units is not measured.
  return {
    name: VERB,
    unit: 'a second',
    run: () => reserveAll(servers, collections, { units: 2 * count, count }),
  };
}

/** Several events one after the other, as one bucket has room for only a few hundred holds. */
function oneBucketSide(servers: BenchServers, collections: Collections, count: number): Side {
  return {
    name: ONE_BUCKET,
    unit: 'a second',
    async run() {
      const samples: Sample[] = [];
      for (let done = 0; done < count; done += ONE_BUCKET_UNITS) {
        const amount = { units: ONE_BUCKET_UNITS, count: ONE_BUCKET_UNITS };
        samples.push(await reserveAll(servers, collections, amount));
      }
      const seconds = samples.reduce((sum, { value }) => sum + ONE_BUCKET_UNITS / value, 0);
      return { value: (samples.length * ONE_BUCKET_UNITS) / seconds };
    },
  };
}

async function reserveAll(
  servers: BenchServers,
  collections: Collections,
  { units, count }: { units: number; count: number },
): Promise<Sample> {
  const event = await makeEvent(collections, units);
  const { rewardId = '', quantity = 1, buckets } = event.rewards[0] ?? {};
  const { eventId } = event;
  return await rateOf(loadOf(servers, holdIds(count)), async (holdId) => {
    const line = { holdId, eventId, rewardId, quantity, buckets: buckets ?? 1 };
    const held = await collections.store.stock.reserve(line);
    if (held !== 'HELD') throw new Error(held);
  });
}
