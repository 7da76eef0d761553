/** What can be seen of the product from outside, of the model and of the real one in the same words. */
import { isDeepStrictEqual } from 'node:util';
import { isFinal } from './claim-life.ts';
import { booksOf, type Claim, type Event, type Line, type World } from './world.ts';

/** Each part by names, told as text: easy to compare and to read. */
export interface Seen {
  /** Of each operation of the step, in their order. */
  answers: string[];
  /** Each claim's state and reason. */
  claims: Record<string, string>;
  /** Each reward's `stock = available + held + granted`. */
  books: Record<string, string>;
  /** Each event's claims by state, as its statistics count them. */
  counts: Record<string, string>;
  /** Lines granted of final claims, as `GET /api/grants` lists them. */
  grants: string[];
  /** Claims that have their entitlements. */
  entitled: string[];
  /** What each line is at the game, and how often the player got it there. */
  ledger: Record<string, string>;
  /** Whether each player may sign in. */
  signIns: Record<string, string>;
}

const mapped = <T>(
  group: { readonly [name: string]: T },
  tell: (value: T, name: string) => string,
) => Object.fromEntries(Object.entries(group).map(([name, value]) => [name, tell(value, name)]));

/** What a world shows to whoever looks. */
export function seenOf(world: World): Seen {
  const events = Object.entries(world.events).filter(([, { status }]) => status !== 'DELETED');
  return {
    answers: world.requests.map((request) => request.answer),
    claims: mapped(world.claims, tellClaim),
    books: Object.fromEntries(events.flatMap((entry) => booksIn(world, entry))),
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

/** A claim as one word or two. */
export const tellClaim = ({ state, reason }: Pick<Claim, 'state' | 'reason'>): string =>
  reason === null ? state : `${state} / ${reason}`;

/**
 * A reward's books in one line. Without a stock nothing is held, and what of a parked claim counts
 * as granted is nobody's promise: such books are told once the event's claims are final.
 */
export function tellBooks(
  books: { stock: number | null; available: number | null; held: number; granted: number },
  areAllFinal: boolean,
): string {
  const { stock, available, held, granted } = books;
  if (stock !== null) return `${stock} = ${available} + ${held} + ${granted}`;
  return areAllFinal ? `unlimited, ${available} available, ${held} + ${granted}` : 'unlimited';
}

function booksIn(world: World, [name, event]: [string, Event]): [string, string][] {
  const claims = Object.values(world.claims).filter((claim) => claim.event === name);
  const areAllFinal = claims.every((claim) => isFinal(claim.state));
  return event.rewards.map((reward) => [
    `${name}/${reward.rewardId}`,
    tellBooks(booksOf(world, name, reward), areAllFinal),
  ]);
}

/** Numbers by state, in one line. */
export const tellCounts = (counts: { [state: string]: number | undefined }): string =>
  Object.keys(counts)
    .sort()
    .map((state) => `${counts[state]} ${state}`)
    .join(', ');

function countsIn(world: World, name: string): string {
  const states = Object.values(world.claims).filter((c) => c.event === name);
  const groups = Object.groupBy(states, ({ state }) => state);
  return tellCounts(mappedCounts(groups));
}

function mappedCounts(groups: { [state: string]: Claim[] | undefined }) {
  return Object.fromEntries(Object.entries(groups).map(([s, claims]) => [s, claims?.length ?? 0]));
}

function grantsOf([name, { state, lines }]: [string, Claim]): string[] {
  if (!isFinal(state)) return [];
  return lines.filter((l) => l.books === 'GRANTED').map((l) => `${name}:${l.rewardId}`);
}

/** Our own mailbox is not asked: what lies there is what the grants tell. */
function ledgerOf(world: World, [name, claim]: [string, Claim]): [string, string][] {
  if (world.events[claim.event]?.provider !== 'game') return [];
  return claim.lines.map((line) => [`${name}:${line.rewardId}`, tellLine(line)]);
}

/** A line's standing at the game. */
export const tellLine = ({ atProvider, given }: Pick<Line, 'atProvider' | 'given'>): string =>
  `${atProvider} ×${given}`;

/** What differs, part by part: what the model allows, and what is there. */
export function differences(allowed: readonly Seen[], seen: Seen): string[] {
  const parts = Object.keys(seen) as (keyof Seen)[];
  const close = closest(allowed, seen);
  return parts.flatMap((part) =>
    differencesIn(
      part,
      close.map((a) => a[part]),
      seen[part],
    ),
  );
}

/** Those of the allowed that share the most parts with what is there. */
function closest(allowed: readonly Seen[], seen: Seen): Seen[] {
  const parts = Object.keys(seen) as (keyof Seen)[];
  const shared = (a: Seen) => parts.filter((part) => isDeepStrictEqual(a[part], seen[part])).length;
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
    return [
      `${part} ${name}: docs/product.md allows ${[...mayBe].join(' or ')}; there is ${there}`,
    ];
  });
}
