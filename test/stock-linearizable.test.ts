/**
 * The stock under many callers at once, held against what it does for one caller at a time. The
 * callers come over connections of their own; some of them lose answers to a cut wire.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { StockBusy } from '../domain/claims/stock-busy.ts';
import { DomainError } from '../domain/errors.ts';
import { openStore, type Store } from '../store/index.ts';
import { connect, isOfDatabase } from '../store/mongodb/connection.ts';
import type { HoldRequest } from '../store/stock/stock.ts';
import { bucket } from '../store/test-store.ts';
import { dropDatabase } from './drop-database.ts';
import { CAPE, event, OPERATOR } from './helpers.ts';
import { check, createRecorder, type Operation, told } from './linearizability.ts';
import { type StockAnswer, type StockCall, spelled, stockSpec } from './linearizability-stock.ts';
import { startProxy, type Wire } from './proxy.ts';
import { type TestServers, testServers, uniqueName } from './servers.ts';

interface Shape {
  buckets: number;
  /** Units a claim takes. */
  quantity: number;
  histories: number;
  callers: number;
  /** How many of the callers lose answers. */
  lossy: number;
}

/** Histories that are made side by side. */
const LANES = 3;

/** Claims that the stock serves at the beginning: fewer than there are holds, so that it sells out. */
const PORTIONS = 3;
const HOLDS = 5;
const CALLS_PER_CALLER = 10;

/** A call to make. `cuts`: how often its write's answer is lost; the driver itself tries once more. */
interface Plan {
  verb: StockCall['verb'];
  hold: number;
  portions: number;
  cuts: number;
}

const VERBS: [StockCall['verb'], number][] = [
  ['reserve', 9],
  ['settle', 3],
  ['release', 5],
  ['books', 3],
  ['soldOut', 2],
  ['restock', 2],
];

const plan = fc.record<Plan>({
  verb: fc.oneof(
    ...VERBS.map(([verb, weight]) => ({ weight, arbitrary: fc.constant<Plan['verb']>(verb) })),
  ),
  hold: fc.nat(HOLDS - 1),
  portions: fc.integer({ min: 1, max: 7 }),
  cuts: fc.constantFrom(0, 0, 0, 0, 1, 2, 2),
});

/** What each caller of each history is to do. */
function plansFor({ histories, callers }: Shape, seed: number): Plan[][][] {
  const exactly = (n: number) => ({ minLength: n, maxLength: n });
  const callsOfOne = fc.array(plan, exactly(CALLS_PER_CALLER));
  return fc.sample(fc.array(callsOfOne, exactly(callers)), { seed, numRuns: histories });
}

let servers: TestServers;
let uri: URL;
const closings: (() => Promise<unknown>)[] = [];
let direct: Store[] = [];

/** The stores over a connection of their own; through a wire, where there is one. */
async function storesOver(wire?: Wire): Promise<Store> {
  // Direct, as a driver that looks for the replica set finds its way around the wire.
  const way = wire ? `mongodb://${wire.address}${uri.pathname}?directConnection=true` : uri.href;
  const connection = await connect(way, { appName: 'laurel-test' });
  closings.unshift(() => connection.close());
  return await openStore(connection);
}

before(async () => {
  servers = await testServers();
  uri = new URL(servers.mongodbUri(uniqueName('linear')));
  const connection = await connect(uri.href, { appName: 'laurel-test' });
  closings.push(() => dropDatabase(connection).then(() => connection.close()));
  direct = [await openStore(connection), await storesOver(), await storesOver()];
});
after(async () => {
  for (const close of closings) await close();
  await servers.stop();
});

/** One caller's way to the stock. */
interface Caller {
  store: Store;
  wire?: Wire;
}

async function lossyCaller(): Promise<Caller> {
  const wire = await startProxy(uri.hostname, Number(uri.port));
  closings.unshift(() => wire.close());
  return { store: await storesOver(wire), wire };
}

async function callersFor({ callers, lossy }: Shape): Promise<Caller[]> {
  const sound = Array.from({ length: callers - lossy }, (_, n): Caller => {
    return { store: direct[n % direct.length] as Store };
  });
  return [...sound, ...(await Promise.all(Array.from({ length: lossy }, lossyCaller)))];
}

/** A reward whose units an operator's change of the stock dealt out over that many buckets. */
async function stocked({ buckets, quantity }: Shape) {
  const [store] = direct;
  assert.ok(store);
  const reward = { ...CAPE, quantity };
  const { eventId, version } = await event({ store }, { rewards: [{ ...reward, stock: 0 }] });
  assert.ok(await store.events.markClaimed(eventId, version));
  const others = Array.from({ length: buckets - 1 }, (_, n) => {
    return bucket(eventId, n + 1, 0, { quantity });
  });
  await store.stock.model.insertMany(others);
  const rewards = [{ ...reward, stock: PORTIONS * quantity }];
  await store.events.change(OPERATOR, eventId, { rewards });
  return { eventId, reward, buckets };
}
type Stocked = Awaited<ReturnType<typeof stocked>>;

async function reserve({ stock }: Store, request: HoldRequest): Promise<StockAnswer> {
  try {
    return await stock.reserve(request);
  } catch (error) {
    if (error instanceof StockBusy) return 'BUSY';
    throw error;
  }
}

async function restock({ events }: Store, of: Stocked, stock: number): Promise<StockAnswer> {
  try {
    await events.change(OPERATOR, of.eventId, { rewards: [{ ...of.reward, stock }] });
    return 'CHANGED';
  } catch (error) {
    if (error instanceof DomainError && error.code === 'conflict') return 'TOO_LOW';
    throw error;
  }
}

async function books({ stock }: Store, eventId: string): Promise<StockAnswer> {
  const [sums] = await stock.levels(eventId);
  assert.ok(sums);
  return spelled(sums);
}

/** Makes the call and spells its answer as the specification does. */
async function make(store: Store, of: Stocked, call: StockCall): Promise<StockAnswer> {
  const { eventId, reward, buckets } = of;
  const { rewardId, quantity } = reward;
  switch (call.verb) {
    case 'reserve':
      return await reserve(store, { eventId, rewardId, quantity, buckets, holdId: call.holdId });
    case 'settle':
      await store.stock.settle({ eventId, holdId: call.holdId, quantity });
      return 'CLOSED';
    case 'release':
      return `${await store.stock.release({ eventId, holdId: call.holdId, quantity })}`;
    case 'soldOut':
      return `${(await store.stock.soldOut(eventId, [{ rewardId, quantity }])).length > 0}`;
    case 'restock':
      return await restock(store, of, call.stock);
    case 'books':
      return await books(store, eventId);
  }
}

function callOf({ verb, hold, portions }: Plan, { eventId, reward }: Stocked): StockCall {
  switch (verb) {
    case 'reserve':
    case 'settle':
    case 'release':
      return { verb, holdId: `${eventId}-${hold}:cape` };
    case 'restock':
      // One unit too many for whole portions, where a claim takes more than one.
      return { verb, stock: portions * reward.quantity + (reward.quantity > 1 ? 1 : 0) };
    default:
      return { verb };
  }
}

/** Loses the answer to the next write over the wire, so many times. */
async function loseAnswers(wire: Wire, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await wire.cutAfter('$inc');
    wire.mend();
  }
}

/** Nothing is known of a call whose connection broke, nor of one that gave up on the database. */
const saysNothing = (error: unknown): boolean =>
  isOfDatabase(error) || (error instanceof DomainError && error.code === 'unavailable');

/** Everybody calls as planned, all at once. Answers what happened. */
async function play(callers: Caller[], plans: Plan[][], of: Stocked) {
  const { history, record } = createRecorder<StockCall, StockAnswer>();
  const goThrough = async ({ store, wire }: Caller, own: Plan[]): Promise<void> => {
    for (const planned of own) {
      if (wire && planned.cuts > 0) void loseAnswers(wire, planned.cuts);
      const call = callOf(planned, of);
      await record(call, () => make(store, of, call), saysNothing);
    }
  };
  await Promise.all(callers.map((caller, n) => goThrough(caller, plans[n] ?? [])));
  return history;
}

type History = Operation<StockCall, StockAnswer>[];

/**
 * With what the store allows itself where many holds are one command (`holdMany`): a hold that is
 * closed while it is still being reserved may be taken once more by that same reservation.
 */
function withHoldsTakenAgain(history: History): History {
  const isClosedDuring = ({ input, invokedAt, answeredAt }: History[number]) =>
    history.some(
      (other) =>
        (other.input.verb === 'settle' || other.input.verb === 'release') &&
        input.verb === 'reserve' &&
        other.input.holdId === input.holdId &&
        other.answer !== 'false' &&
        other.invokedAt < answeredAt &&
        other.answeredAt > invokedAt,
    );
  const again = history.filter(isClosedDuring).map(({ input, invokedAt, answeredAt }) => {
    const answer = undefined;
    return { input, answer, invokedAt, answeredAt: Number.POSITIVE_INFINITY, until: answeredAt };
  });
  return [...history, ...again];
}

async function histories(shape: Shape, seed: number): Promise<History[]> {
  const plans = plansFor(shape, seed);
  const made: History[] = [];
  const lane = async (): Promise<void> => {
    const callers = await callersFor(shape);
    for (let next = plans.pop(); next; next = plans.pop()) {
      made.push(await play(callers, next, await stocked(shape)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return made;
}

/** How often each verb got each answer; books are not told apart. */
function tally(made: History[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { input, answer } of made.flat()) {
    const key = `${input.verb} ${input.verb === 'books' && answer ? 'seen' : answer}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Makes histories of the shape, looks for an order in each, and answers what they were made of. */
async function proves(context: TestContext, shape: Shape): Promise<Record<string, number>> {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const made = await histories(shape, seed);
  const counts = tally(made);
  context.diagnostic(`SEED=${seed} ${JSON.stringify(counts)}`);
  for (const history of made.map(withHoldsTakenAgain)) {
    const verdict = check(history, stockSpec(PORTIONS * shape.quantity, shape.quantity));
    assert.ok(verdict.isLinearizable, `SEED=${seed}\n${told(history, verdict)}`);
  }
  return counts;
}

/** Every answer that the verbs have must have come up: else the histories prove little. */
const WANTED = [
  ...['reserve HELD', 'reserve SOLD_OUT', 'settle CLOSED'],
  ...['release true', 'release false', 'soldOut true', 'soldOut false'],
  ...['restock CHANGED', 'restock TOO_LOW', 'books seen'],
];

describe('calls of a stock, many at once, could have been made one after the other', () => {
  const seen = new Set<string>();
  const cases: { where: string; shape: Shape }[] = [
    {
      where: 'where its units lie in one bucket',
      shape: { buckets: 1, quantity: 1, histories: 5, callers: 6, lossy: 0 },
    },
    {
      where: 'where they lie in three, by three: "sold out" is said of all of them at one moment',
      shape: { buckets: 3, quantity: 3, histories: 5, callers: 6, lossy: 0 },
    },
    {
      where: 'where answers are lost, each of which may or may not have taken effect',
      shape: { buckets: 2, quantity: 1, histories: 4, callers: 5, lossy: 2 },
    },
  ];
  for (const { where, shape } of cases) {
    it(where, async (context) => {
      for (const kind of Object.keys(await proves(context, shape))) seen.add(kind);
    });
  }

  it('and every answer there is came up among them', () => {
    assert.deepEqual(
      WANTED.filter((kind) => !seen.has(kind)),
      [],
    );
    const isLost = (kind: string) => kind.endsWith(`${undefined}`);
    assert.ok([...seen].some(isLost), 'no answer was lost');
  });
});

describe('a reservation', () => {
  /** Right before its write, its twin takes the last units for the same line. */
  it('is not sold out on account of its own hold, which a twin took meanwhile', async () => {
    const of = await stocked({ buckets: 1, quantity: 3, histories: 1, callers: 1, lossy: 0 });
    const [twin, other] = direct as [Store, Store];
    const line = { verb: 'reserve', holdId: `${of.eventId}-0:cape` } as const;
    for (const holdId of ['a', 'b']) {
      assert.equal(await make(twin, of, { ...line, holdId: `${of.eventId}-${holdId}` }), 'HELD');
    }
    const slow = await storesOver();
    const { collection } = slow.stock.model;
    const updateOne = collection.updateOne.bind(collection) as (...args: unknown[]) => unknown;
    let writes = 0;
    Object.assign(collection, {
      async updateOne(...args: unknown[]) {
        writes += 1;
        if (writes === 1) assert.equal(await make(twin, of, line), 'HELD');
        return await updateOne(...args);
      },
    });
    assert.equal(await make(slow, of, line), 'HELD');
    assert.ok(writes > 0, 'the twin was not there');
    assert.equal(await books(other, of.eventId), '9 = 0 + 9 + 0');
  });
});
