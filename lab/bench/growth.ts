/**
 * What earlier claims cost later ones: the same claims on three databases in one mongod, with none,
 * a hundred thousand and a million earlier claims.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { grantMany } from './claims.ts';
import { bound, type Check, type Figures, type Row, type Sample } from './figures.ts';
import { type Call, filled } from './growth-ask.ts';
import { callEveryRoute } from './growth-calls.ts';
import { GROWTH_ISSUER } from './growth-identity.ts';
import { pileUp } from './growth-pile.ts';
import { type Seen, startProfile } from './growth-profile.ts';
import type { Pile } from './growth-records.ts';
import { openWorld } from './growth-world.ts';
import type { BenchOptions } from './options.ts';
import { median } from './percentiles.ts';
import { runRounds, type Side } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';

/** Numbers of earlier claims. */
const SIZES = [0, 100_000, 1_000_000];
/** The same for a short run. */
const SHORT_SIZES = [0, 500, 2_000];

/** Units of each event: more than its earlier claims, and enough for the most buckets. */
const STOCK = 500_000;

/** Clients of a round, and claims that they make. */
const CLIENTS = 50;
const CLAIMS = 150;

/** Most keys or documents beyond those returned. It allows for the 128 buckets of a stock. */
const CONSTANT = 200;

/** Least earlier claims while queries are profiled, so that they find something. */
const LEAST_TO_SEE = 100;

/** Most CPU time or time of a claim, as a multiple of that without earlier claims. */
const DEARER = 1.25;

/** Pause after the bulk inserts: MongoDB goes on writing for a while. */
const SETTLE_MS = 60_000;

interface Grown {
  claims: number;
  stack: Stack;
  pile: Pile;
}

/** The dearest query of each route and kind. */
type Beyond = Map<string, Seen>;

/** The part `growth`. */
export async function benchGrowth(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, say } = options;
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const grown: Grown[] = [];
    const env = { TRUSTED_ISSUERS: JSON.stringify([GROWTH_ISSUER]) };
    for (const claims of isShort ? SHORT_SIZES : SIZES) {
      const spec = { ...APART, name: `after ${claims}` };
      const stack = stopAtEnd(await startStack(servers, spec, { env }));
      const startedMs = performance.now();
      const pile = await pileUp(stack.collections, { claims, stock: STOCK, say });
      const tookS = ((performance.now() - startedMs) / 1_000).toFixed(0);
      say(`${nameOf(claims)}: piled up in ${tookS} s`);
      grown.push({ claims, stack, pile });
    }
    await sleep(isShort ? 0 : SETTLE_MS);
    const rows = await runRounds(
      grown.map((one) => claimSide(one, isShort)),
      options,
    );
    const looked: Beyond[] = [];
    for (const one of grown) looked.push(await lookAt(one, servers.secrets.simulatorSecret));
    return {
      rows,
      checks: [...costChecks(rows), ...lookChecks(looked)],
      notes: notesOf(grown, looked),
    };
  });
}

/** The name of a claim's CPU time in the figures. */
const ALL_CPU = 'CPU ms but for clients';

const nameOf = (claims: number) => `${claims.toLocaleString('en')} earlier claims`;

/** Claims of the last event, by new players in each round. Nobody reads this event's statistics. */
function claimSide({ claims, stack, pile }: Grown, isShort: boolean): Side {
  const eventId = pile.events.at(-1)?.eventId ?? '';
  const load = isShort ? { clients: 4, count: 8 } : { clients: CLIENTS, count: CLAIMS };
  return {
    name: nameOf(claims),
    unit: 'claims a second',
    run: async () => {
      const sample = await grantMany(stack, eventId, load);
      const cpuMs = cpuOf(sample);
      return { ...sample, also: { ...sample.also, [ALL_CPU]: cpuMs } };
    },
  };
}

/** CPU time of the servers and of our processes, without the clients. */
function cpuOf({ also = {} }: Sample): number {
  const names = ['mongod', 'temporal', 'api', 'worker'];
  return names.reduce((sum, name) => sum + (also[`${name} CPU ms`] ?? 0), 0);
}

/** Each size compared with none, round by round. */
function costChecks(rows: Row[]): Check[] {
  const [none, ...others] = rows as [Row, ...Row[]];
  const cpu = ({ samples }: Row) => samples.map(({ also }) => also?.[ALL_CPU] ?? Number.NaN);
  return others.flatMap((row) => {
    const dearer = ratios(cpu(row), cpu(none));
    const slower = ratios(values(none), values(row));
    return [
      bound(`${row.name} : none, CPU of a claim`, [median(dearer)], { atMost: DEARER }),
      bound(`none : ${row.name}, claims a second`, [median(slower)], { atMost: DEARER }),
    ];
  });
}

const values = ({ samples }: Row) => samples.map(({ value }) => value);
const ratios = (top: number[], bottom: number[]) =>
  top.map((value, round) => value / (bottom[round] ?? Number.NaN));

/** Sends a request of every kind under the profiler. */
async function lookAt(grown: Grown, providerSecret: string): Promise<Beyond> {
  const { stack } = grown;
  const { collections, tokens, port } = stack;
  const claims = Math.max(grown.claims, LEAST_TO_SEE);
  const pile = grown.claims > 0 ? grown.pile : await pileUp(collections, { claims, stock: STOCK });
  const world = await openWorld(collections, tokens, { pile, claims, providerSecret });
  const profile = await startProfile(collections.database, 'laurel-api');
  const beyond: Beyond = new Map();
  const call: Call = async (route, parts, query, { by, body, headers = {}, status }) => {
    const [method, path] = filled(route, parts);
    const response = await fetch(`http://127.0.0.1:${port}${path}${query}`, {
      method,
      headers: {
        ...(by && { authorization: `Bearer ${by.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isAwaited = status === undefined ? response.ok : response.status === status;
    if (!isAwaited) throw new Error(`${route}${query}: ${response.status} ${text}`);
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    for (const seen of await profile.take()) note(beyond, route, seen);
    return { body: isJson && text !== '' ? JSON.parse(text) : {} };
  };
  await callEveryRoute(world, call);
  await profile.stop();
  return beyond;
}

/** Keys or documents that a query looked at beyond those it returned. */
const beyondOf = ({ keys, docs, returned }: Seen) => Math.max(keys, docs) - returned;

/** Keeps the dearest query of each route and kind. */
function note(beyond: Beyond, route: string, seen: Seen): void {
  const name = `${route}: ${seen.what}`;
  const known = beyond.get(name);
  if (known === undefined || beyondOf(seen) > beyondOf(known)) beyond.set(name, seen);
}

/** Not limited: it adds up the buckets of the newest events, which are many events with few buckets. */
const RECONCILIATION = 'GET /api/reconciliation: aggregate stock_buckets';

function lookChecks(looked: Beyond[]): Check[] {
  const dearest = looked.map((beyond) => {
    const others = [...beyond].filter(([name]) => name !== RECONCILIATION);
    return Math.max(...others.map(([, seen]) => beyondOf(seen)));
  });
  const scans = looked.map((beyond) => {
    return [...beyond.values()].filter(({ plan }) => plan.includes('COLLSCAN')).length;
  });
  return [
    bound('queries of the API without an index', scans, { exactly: 0 }),
    bound('looked at beyond what is returned, dearest query', dearest, { atMost: CONSTANT }),
  ];
}

function notesOf(grown: Grown[], looked: Beyond[]): string[] {
  const names = [...new Set(looked.flatMap((beyond) => [...beyond.keys()]))];
  const changing = names.flatMap((name) => {
    const seen = looked.map((beyond) => beyond.get(name));
    const known = seen.filter((s) => s !== undefined).map(beyondOf);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    if (most - least < 20) return [];
    return [
      `${name}: ${seen.map((s) => (s ? `${s.keys} keys, ${s.docs} docs` : '–')).join(' | ')}`,
    ];
  });
  return [
    `Sizes: ${grown.map(({ claims }) => claims.toLocaleString('en')).join(', ')} earlier claims, all in`,
    'one mongod, in turns. What is looked at is the dearest query of each route; lists are asked for',
    'from their beginning and from the middle. Those that do not look at the same:',
    ...(changing.length > 0 ? changing : ['none']),
  ];
}
