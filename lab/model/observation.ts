/** What can be seen from outside, in the same texts for the model and for the real product. */
import { isDeepStrictEqual } from 'node:util';
import { isFinal } from './claim-steps.ts';
import {
  type Claim,
  type Event,
  type Line,
  type StockLevels,
  stockLevelsOf,
  type World,
} from './world.ts';

/** Every value is a text by name, so that observations are easy to compare and to read. */
export interface Observation {
  /** The answer to each operation of the step, in order. */
  answers: string[];
  /** Each claim's state and reason. */
  claims: Record<string, string>;
  /** Each reward's `stock = available + held + granted`. */
  stock: Record<string, string>;
  /** Each event's claims by state, as its statistics count them. */
  counts: Record<string, string>;
  /** Granted lines of final claims, as `GET /api/grants` lists them. */
  grants: string[];
  /** Claims that have their entitlements. */
  entitled: string[];
  /** Each line's state at the game, and how often the player got it. */
  ledger: Record<string, string>;
  /** Whether each player may sign in. */
  signIns: Record<string, string>;
}

const mapped = <T>(
  group: { readonly [name: string]: T },
  tell: (value: T, name: string) => string,
) => Object.fromEntries(Object.entries(group).map(([name, value]) => [name, tell(value, name)]));

/** The observation of a world of the model. */
export function observationOf(world: World): Observation {
  const events = Object.entries(world.events).filter(([, { status }]) => status !== 'DELETED');
  return {
    answers: world.requests.map((request) => request.answer),
    claims: mapped(world.claims, describeClaim),
    stock: Object.fromEntries(events.flatMap((entry) => stockLevelsIn(world, entry))),
    counts: Object.fromEntries(events.map(([name]) => [name, countsIn(world, name)])),
    grants: Object.entries(world.claims).flatMap(grantsOf).sort(),
    entitled: Object.keys(world.claims)
      .filter((name) => world.claims[name]?.isEntitled)
      .sort(),
    ledger: Object.fromEntries(Object.entries(world.claims).flatMap((c) => ledgerOf(world, c))),
    signIns: mapped(world.players, (status) =>
      status === 'ACTIVE' ? '200' : '403 user_not_active',
    ),
  };
}

/** A claim's state, and its reason if it has one. */
export const describeClaim = ({ state, reason }: Pick<Claim, 'state' | 'reason'>): string =>
  reason === null ? state : `${state} / ${reason}`;

/**
 * A reward's stock levels as one text. An unlimited reward has no holds, and the product does not
 * promise what it counts for parked claims. Its levels are shown only once the event's claims are
 * final.
 */
export function describeStock(
  { stock, available, held, granted }: StockLevels,
  areAllFinal: boolean,
): string {
  if (stock !== null) return `${stock} = ${available} + ${held} + ${granted}`;
  return areAllFinal ? `unlimited, ${available} available, ${held} + ${granted}` : 'unlimited';
}

function stockLevelsIn(world: World, [name, event]: [string, Event]): [string, string][] {
  const claims = Object.values(world.claims).filter((claim) => claim.event === name);
  const areAllFinal = claims.every((claim) => isFinal(claim.state));
  return event.rewards.map((reward) => [
    `${name}/${reward.rewardId}`,
    describeStock(stockLevelsOf(world, name, reward), areAllFinal),
  ]);
}

/** Numbers by state as one text. */
export const describeCounts = (counts: { [state: string]: number | undefined }): string =>
  Object.keys(counts)
    .sort()
    .map((state) => `${counts[state]} ${state}`)
    .join(', ');

function countsIn(world: World, name: string): string {
  const states = Object.values(world.claims).filter((c) => c.event === name);
  const groups = Object.groupBy(states, ({ state }) => state);
  return describeCounts(mappedCounts(groups));
}

function mappedCounts(groups: { [state: string]: Claim[] | undefined }) {
  return Object.fromEntries(Object.entries(groups).map(([s, claims]) => [s, claims?.length ?? 0]));
}

function grantsOf([name, { state, lines }]: [string, Claim]): string[] {
  if (!isFinal(state)) return [];
  return lines.filter((l) => l.units === 'GRANTED').map((l) => `${name}:${l.rewardId}`);
}

/** Only lines of the game: the mailbox is the claim's own lines, which `grants` shows. */
function ledgerOf(world: World, [name, claim]: [string, Claim]): [string, string][] {
  if (world.events[claim.event]?.provider !== 'game') return [];
  return claim.lines.map((line) => [`${name}:${line.rewardId}`, describeLine(line)]);
}

/** A line's state at the game as one text. */
export const describeLine = ({ atProvider, given }: Pick<Line, 'atProvider' | 'given'>): string =>
  `${atProvider} ×${given}`;

/** One text for each difference: what the model allows, and what was observed. */
export function differences(allowed: readonly Observation[], seen: Observation): string[] {
  const parts = Object.keys(seen) as (keyof Observation)[];
  const close = closest(allowed, seen);
  return parts.flatMap((part) =>
    differencesIn(
      part,
      close.map((a) => a[part]),
      seen[part],
    ),
  );
}

/** The allowed observations that share the most parts with what was observed. */
function closest(allowed: readonly Observation[], seen: Observation): Observation[] {
  const parts = Object.keys(seen) as (keyof Observation)[];
  const shared = (a: Observation) =>
    parts.filter((part) => isDeepStrictEqual(a[part], seen[part])).length;
  const most = Math.max(...allowed.map(shared));
  return allowed.filter((a) => shared(a) === most);
}

function differencesIn(part: string, allowed: readonly object[], seen: object): string[] {
  if (allowed.some((a) => isDeepStrictEqual(a, seen))) return [];
  const names = new Set([...allowed, seen].flatMap((group) => Object.keys(group)));
  return [...names].flatMap((name) => {
    const there = String(Reflect.get(seen, name));
    const mayBe = new Set(allowed.map((a) => String(Reflect.get(a, name))));
    if (mayBe.size === 1 && mayBe.has(there)) return [];
    return [`${part} ${name}: product.md allows ${[...mayBe].join(' or ')}; there is ${there}`];
  });
}
