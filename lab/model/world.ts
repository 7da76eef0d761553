/**
 * The product, small enough to keep in mind: events, players, claims, and what their providers have
 * on record. A world is a value and is never changed; stock and entitlements are not kept but
 * counted from the claims, so that they add up by themselves.
 */
import type { ClaimState, Reason } from '../../domain/claims/claim.ts';
import type { EventStatus, RewardSelection } from '../../domain/events/event.ts';
import type { UserStatus } from '../../domain/user.ts';
import type { Try } from './faults.ts';
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
  /** It has had its first claim, so that much of it is frozen. */
  isClaimed: boolean;
}

/** One reward inside a claim. */
export interface Line {
  rewardId: string;
  quantity: number;
  isLimited: boolean;
  books: 'NONE' | 'HELD' | 'GRANTED';
  /** What its provider has on record. */
  atProvider: 'NEVER_SEEN' | 'PENDING' | 'GRANTED' | 'REVOKED' | 'REFUSED';
  /** How often the player got it. */
  given: number;
  /** What we know of it: `SPENT` after as many attempts as we make. */
  known: 'NOTHING' | 'ASKED' | 'CONFIRMED' | 'REFUSED' | 'SPENT';
  /** What the provider does when it is asked, attempt after attempt; after these it just grants. */
  tries: Try[];
  /** The provider will refuse to take it back, once. */
  isStubborn: boolean;
  /** It has refused. */
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
  /** The request that recorded it has done its part. */
  isStarted: boolean;
  isEntitled: boolean;
  /** A provider may have been asked for its lines. */
  isAsked: boolean;
  /** Why it is undone; null while it goes forward. */
  undoneFor: Reason | null;
  /** An admin's word on a parked claim that has not acted on it yet. */
  decision: 'RETRY' | 'ABORT' | null;
}

/** An operation under way. */
export interface Request {
  operation: Operation;
  /** `HOLDING`: it has recorded the claim. `REJECTED`: and has ended it, for want of units. */
  stage: 'SENT' | 'LET_IN' | 'ACCEPTABLE' | 'HOLDING' | 'REJECTED' | 'ANSWERED';
  /** Its status and problem code; empty where nobody is answered. */
  answer: string;
}

export interface World {
  readonly events: { readonly [name: string]: Event };
  readonly players: { readonly [name: string]: UserStatus };
  readonly claims: { readonly [name: string]: Claim };
  readonly requests: readonly Request[];
}

/** A claim's name, as a player's key stands for one claim for good. */
export const claimName = (player: string, key: string): string => `${player}/${key}`;

/** What is there by its name. @throws Error where nothing is */
export function named<T>(group: { readonly [name: string]: T }, name: string): T {
  const found = group[name];
  if (found === undefined) throw new Error(`The model has no ${name}`);
  return found;
}

/** The world after a change of one claim. */
export function withClaim(world: World, name: string, change: (claim: Claim) => void): World {
  const before = named(world.claims, name);
  // By hand, as thousands of worlds are made for what happens at once.
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

interface Books {
  stock: number | null;
  available: number | null;
  held: number;
  granted: number;
}

/** `stock = available + held + granted`, counted from the claims. */
export function booksOf(world: World, eventName: string, { rewardId, stock }: Reward): Books {
  const lines = Object.values(world.claims)
    .filter((claim) => claim.event === eventName)
    .flatMap((claim) => claim.lines.filter((line) => line.rewardId === rewardId));
  const units = (books: Line['books']) =>
    lines.filter((line) => line.books === books).reduce((sum, line) => sum + line.quantity, 0);
  const [held, granted] = [units('HELD'), units('GRANTED')];
  return { stock, available: stock === null ? null : stock - held - granted, held, granted };
}

/** Whether a reward lacks the units for one more claim. */
export function isSoldOut(world: World, eventName: string, reward: Reward): boolean {
  const { available } = booksOf(world, eventName, reward);
  return available !== null && available < reward.quantity;
}

/** Whether a player's claims have every entitlement of some right; all periods here are `ONCE`. */
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
