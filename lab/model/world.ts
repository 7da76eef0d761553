/**
 * The state of the model: events, players, claims, and what providers have on record. A world is an
 * immutable value. Stock levels and entitlements are not stored. They are counted from the claims,
 * so they always add up.
 */
import type { ClaimState, Reason } from '../../domain/claims/claim.ts';
import type { EventStatus, RewardSelection } from '../../domain/events/event.ts';
import type { UserStatus } from '../../domain/user.ts';
import type { Try } from './game-faults.ts';
import type { Operation } from './operations.ts';

export interface Reward {
  rewardId: string;
  /** Units one claim gives. */
  quantity: number;
  stock: number | null;
}

export interface Event {
  status: EventStatus | 'DELETED';
  provider: 'mailbox' | 'game';
  selection: RewardSelection;
  claimsPerPeriod: number;
  claimsTotal: number | null;
  exclusiveGroup: string | null;
  rewards: Reward[];
  /** The first claim was accepted. From then on most fields are frozen. */
  isClaimed: boolean;
}

/** One reward inside a claim. */
export interface Line {
  rewardId: string;
  quantity: number;
  isLimited: boolean;
  /** What the stock counts for this line. */
  units: 'NONE' | 'HELD' | 'GRANTED';
  /** What its provider has on record. */
  atProvider: 'NEVER_SEEN' | 'PENDING' | 'GRANTED' | 'REVOKED' | 'REFUSED';
  /** How often the player got it. */
  given: number;
  /** What the product knows of it. `SPENT`: every attempt was made without an answer. */
  known: 'NOTHING' | 'ASKED' | 'CONFIRMED' | 'REFUSED' | 'SPENT';
  /** What the provider does at each S4, in order. After the last entry it grants. */
  tries: Try[];
  /** The provider will refuse to take it back, once. */
  isStubborn: boolean;
  /** The provider has refused to take it back. */
  isKept: boolean;
}

export interface Claim {
  player: string;
  event: string;
  /** The reward the player chose; null for all of them. */
  choice: string | null;
  state: ClaimState;
  reason: Reason | null;
  lines: Line[];
  /** The request that recorded it has started its run. */
  isStarted: boolean;
  isEntitled: boolean;
  /** A provider may have been asked for its lines. */
  isAsked: boolean;
  /** Why it is undone; null while it goes forward. */
  undoneFor: Reason | null;
  /** An admin's decision on a parked claim that the claim has not acted on yet. */
  decision: 'RETRY' | 'ABORT' | null;
}

/** An operation that was sent. */
export interface Request {
  operation: Operation;
  /**
   * `HOLDING`: it has recorded the claim and now holds its units. `REJECTED`: units were missing, and
   * it has ended the claim.
   */
  stage: 'SENT' | 'LET_IN' | 'ACCEPTABLE' | 'HOLDING' | 'REJECTED' | 'ANSWERED';
  /** HTTP status and problem code. Empty for an operation without an answer. */
  answer: string;
}

export interface World {
  readonly events: { readonly [name: string]: Event };
  readonly players: { readonly [name: string]: UserStatus };
  readonly claims: { readonly [name: string]: Claim };
  readonly requests: readonly Request[];
}

/** A claim's name in the model: one key of a player is always the same claim. */
export const claimName = (player: string, key: string): string => `${player}/${key}`;

/** The entry with this name. @throws Error if there is none */
export function named<T>(group: { readonly [name: string]: T }, name: string): T {
  const found = group[name];
  if (found === undefined) throw new Error(`The model has no ${name}`);
  return found;
}

/** The world after a change of one claim. */
export function withClaim(world: World, name: string, change: (claim: Claim) => void): World {
  const before = named(world.claims, name);
  // Copied by hand: structuredClone is too slow for the thousands of worlds of one step.
  const lines = before.lines.map((line) => ({ ...line, tries: [...line.tries] }));
  const claim = { ...before, lines };
  change(claim);
  return { ...world, claims: { ...world.claims, [name]: claim } };
}

/** The world after a change of one event. */
export function withEvent(world: World, name: string, change: (event: Event) => void): World {
  const event = structuredClone(named(world.events, name));
  change(event);
  return { ...world, events: { ...world.events, [name]: event } };
}

/** The numbers of one reward's stock, in units. */
export interface StockLevels {
  stock: number | null;
  available: number | null;
  held: number;
  granted: number;
}

/** A reward's stock levels, counted from the claims: `stock = available + held + granted`. */
export function stockLevelsOf(
  world: World,
  eventName: string,
  { rewardId, stock }: Reward,
): StockLevels {
  const lines = Object.values(world.claims)
    .filter((claim) => claim.event === eventName)
    .flatMap((claim) => claim.lines.filter((line) => line.rewardId === rewardId));
  const count = (units: Line['units']) =>
    lines.filter((line) => line.units === units).reduce((sum, line) => sum + line.quantity, 0);
  const [held, granted] = [count('HELD'), count('GRANTED')];
  return { stock, available: stock === null ? null : stock - held - granted, held, granted };
}

/** Whether fewer units are available than one more claim needs. */
export function isSoldOut(world: World, eventName: string, reward: Reward): boolean {
  const { available } = stockLevelsOf(world, eventName, reward);
  return available !== null && available < reward.quantity;
}

/** Whether the player has no entitlement left for this event. All periods of the model are `ONCE`. */
export function isUsedUp(world: World, eventName: string, player: string): boolean {
  const { claimsPerPeriod, claimsTotal, exclusiveGroup } = named(world.events, eventName);
  const entitled = Object.values(world.claims).filter(
    (claim) => claim.isEntitled && claim.player === player,
  );
  const own = entitled.filter((claim) => claim.event === eventName).length;
  const isServedByGroup = entitled.some(
    ({ event }) => named(world.events, event).exclusiveGroup === exclusiveGroup,
  );
  return (
    own >= Math.min(claimsPerPeriod, claimsTotal ?? claimsPerPeriod) ||
    (exclusiveGroup !== null && isServedByGroup)
  );
}
