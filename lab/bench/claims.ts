/** Claims granted a second through the API, compared with the workflow engine alone. */
import { randomUUID } from 'node:crypto';
import { claimGranted } from './claim-requests.ts';
import { ALL_CPU, rateOf, withWires } from './closed-loop.ts';
import { makeEvent } from './collections.ts';
import { besideLines, costRatio, type Figures, type Row, ratio, type Sample } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { makePlayers, type Player } from './players.ts';
import { runRounds, type Side } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { startTracedStack } from './traced-stack.ts';
import { startYardstickWorker, type YardstickWorker } from './yardstick/start.ts';

const UNIT = 'a second';

/** Claims of one round by number of clients: several for each, so that the last ones weigh little. */
const CLAIMS: Record<number, number> = { 50: 200, 200: 400 };

/** Units of each round's event: more than are claimed, and as many as in the flash event. */
const STOCK = 1_000;

interface Load {
  clients: number;
  count: number;
}

const nothingName = (clients: number) => `null workflow, ${clients} clients`;
const claimsName = (provider: string, stack: string, clients: number) =>
  `${provider === 'mailbox' ? provider : 'HTTP provider'} claims, ${stack}, ${clients} clients`;
const sagaName = (clients: number) => `six plain activities, ${clients} clients`;

/** The part `claims`. */
export async function benchClaims(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const apart = stopAtEnd(await startStack(servers, APART, { profileDir }));
    const yardstick = stopAtEnd(await startYardstickWorker(servers, apart));
    const traced =
      options.traced &&
      stopAtEnd(await startTracedStack(servers, { profileDir, env: EVERY_TRACE }));
    const loads = (isShort ? [4] : [50, 200]).map((clients) => {
      return { clients, count: isShort ? 8 : (CLAIMS[clients] ?? 0) };
    });
    const tracedSides = traced ? loads.map((load) => claimSide(traced, 'mailbox', load)) : [];
    const sides = [...sidesOf({ apart, yardstick }, loads), ...tracedSides];
    const rows = await runRounds(sides, options);
    const tracedPairs = traced ? loads.map((load) => tracedBesideUntraced(traced, load)) : [];
    const compared = [...comparisonsOf(loads), ...tracedPairs];
    const checks = compared.map(([ours, yardstick, atLeast]) =>
      ratio(rows, ours, yardstick, { atLeast }),
    );
    const notes = [
      ...loads.flatMap((load) => besideNothing(rows, load)),
      ...tracedPairs.map(([ours, untraced]) => costRatio(rows, ours, untraced, ALL_CPU)),
    ];
    return { rows, checks, notes: [...notes, ...NOTES] };
  });
}

/** Every claim is traced; by default one in ten is. */
const EVERY_TRACE = { OTEL_TRACES_SAMPLER: 'parentbased_always_on' };

/** The share of the rate that is to be left where every claim is traced. */
const TRACED_SHARE = 0.95;

/** The rows of claims with and without traces, and the share to reach. */
function tracedBesideUntraced(
  { name }: Stack,
  { clients }: Load,
): [traced: string, untraced: string, atLeast: number] {
  const rowOf = (stack: string) => claimsName('mailbox', stack, clients);
  return [rowOf(name), rowOf(APART.name), TRACED_SHARE];
}

/** Every row with this number of clients, compared with the workflow that does nothing. */
function besideNothing(rows: Row[], { clients }: Load): string[] {
  const own = rows.filter(({ name }) => name.endsWith(`, ${clients} clients`));
  return besideLines(own, nothingName(clients), { costs: [ALL_CPU], times: ['p50 ms', 'p99 ms'] });
}

const NOTES = [
  'A claim is granted once its player has the answer that says so. A null workflow is started and',
  'awaited by as many clients. CPU is of each process, for one claim; `client` is the load itself,',
  'which is also the Temporal client of the yardsticks.',
];

function sidesOf(
  { apart, yardstick }: { apart: Stack; yardstick: YardstickWorker },
  loads: Load[],
): Side[] {
  const few = loads.slice(0, 1);
  return [
    ...loads.map((load) => nothingSide(yardstick, load)),
    ...loads.map((load) => claimSide(apart, 'mailbox', load)),
    ...few.map((load) => claimSide(apart, 'game', load)),
    ...few.map((load) => sagaSide(apart, yardstick, load)),
  ];
}

/** Our row, the yardstick's row, and the share of it to reach. */
function comparisonsOf(loads: Load[]): [string, string, number][] {
  const few = loads[0]?.clients ?? 0;
  const mailbox = (clients: number) => claimsName('mailbox', APART.name, clients);
  return [
    ...loads.map(({ clients }): [string, string, number] => {
      return [mailbox(clients), nothingName(clients), 0.65];
    }),
    [claimsName('game', APART.name, few), nothingName(few), 0.55],
    [mailbox(few), sagaName(few), 3],
  ];
}

function nothingSide(yardstick: YardstickWorker, load: Load): Side {
  return {
    name: nothingName(load.clients),
    unit: UNIT,
    run: (isWarmUp) => {
      const items = Array.from({ length: countOf(load, isWarmUp) });
      const { clients } = load;
      return rateOf({ items, clients, pids: yardstick.pids() }, () => yardstick.nothing());
    },
  };
}

/** Claims of a new event each round. @param provider `mailbox` or `game` */
function claimSide(stack: Stack, provider: string, load: Load): Side {
  const given = { fulfillment: { provider } };
  return {
    name: claimsName(provider, stack.name, load.clients),
    unit: UNIT,
    run: async (isWarmUp) => {
      const { eventId } = await makeEvent(stack.collections, STOCK, given);
      return await grantMany(stack, eventId, { ...load, count: countOf(load, isWarmUp) });
    },
  };
}

/** Measures one claim each by new players of `count`. @throws Error if one is not granted */
export async function grantMany(stack: Stack, eventId: string, load: Load): Promise<Sample> {
  const players = await makePlayers(stack.collections, stack.tokens, load.count);
  return await grantTo(stack, eventId, players, load.clients);
}

/** Measures one claim of each player. @throws Error if one is not granted */
export async function grantTo(
  stack: Stack,
  eventId: string,
  items: readonly Player[],
  clients: number,
): Promise<Sample> {
  return await withWires(stack.ports, clients, async (wires) => {
    await Promise.all(wires.map((wire) => wire.open()));
    return await rateOf({ items, clients, pids: stack.pids() }, async (player, client) => {
      const wire = wires[client];
      if (wire) await claimGranted(wire, eventId, player);
    });
  });
}

function sagaSide(stack: Stack, yardstick: YardstickWorker, load: Load): Side {
  return {
    name: sagaName(load.clients),
    unit: UNIT,
    run: async (isWarmUp) => {
      const { eventId } = await makeEvent(stack.collections, STOCK);
      const items = await makePlayers(stack.collections, stack.tokens, countOf(load, isWarmUp));
      const { clients } = load;
      return await rateOf({ items, clients, pids: yardstick.pids() }, async ({ userId }) => {
        await yardstick.saga({ userId, eventId, idempotencyKey: randomUUID() });
      });
    },
  };
}

function countOf({ count }: Load, isWarmUp: boolean): number {
  return isWarmUp ? Math.ceil(count / 2) : count;
}
