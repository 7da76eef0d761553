/**
 * The points at which a worker is killed: before and after every write on every way a claim can
 * take, the provider's grant among them. `after provider.grant`: it granted, and we never heard.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { EventFields } from '../domain/event.ts';
import type { Claim } from '../store/claims.ts';
import { HOLDS_PER_BUCKET } from '../store/stock.ts';
import { type ClaimSignal, SIGNALS } from '../workflows/contract.ts';
import { MOUNT, type Rule } from './game-claims.ts';
import { CAPE, recordOf, workflowOf } from './helpers.ts';
import type { Call } from './interpose.ts';
import type { Laurel } from './laurel.ts';
import { decide, GRANTED_STEPS, leaves, undoneSteps } from './outcomes.ts';

/** Where each claim stops, `before stock.settle`, or `nowhere`; by claim. */
export type CrashOrders = Record<string, string>;

/** What the worker says: a claim came to its point, or a claim that stops nowhere made a call. */
export type Told = { claimId: string; reached: string } | { claimId: string; call: Call };

/** Calls of a claim's activities that change nothing. */
export const READS: readonly Call[] = ['claims.get', 'stock.books', 'provider.lookup'];

export interface CrashClaim {
  claimId: string;
  userId: string;
  eventId: string;
}

export interface World {
  laurel: Laurel;
  /** Resolves once the record is so. */
  seen(claimId: string, fits: (claim: Claim) => boolean): Promise<void>;
}

/** What somebody does about a claim that runs, and what they wait for before. */
interface Play {
  awaits(world: World, claim: CrashClaim): Promise<unknown>;
  does(world: World, claim: CrashClaim): Promise<unknown>;
}

interface Ending {
  end: string;
  lines: Record<string, string>;
  given: Record<string, string>;
  isEntitled: boolean;
  books: Record<string, string>;
  /** The steps of the story, whatever each came to: one that is done again may find nothing to do. */
  steps: string[];
}

export interface Way {
  name: string;
  /** Every write on it, in the order of their first time. */
  writes: Call[];
  /** Those at which its worker is killed; at the others it is on a way that is the same so far. */
  crashAt: Call[];
  event?: Partial<EventFields>;
  rules?: Rule[];
  /** Done when the claim is accepted and no worker runs yet. */
  prepare?(laurel: Laurel, claim: CrashClaim): Promise<unknown>;
  play?: Play;
  ending: Ending;
}

/** For what may take as long as all need to come to their points and the next worker to its work. */
export const PATIENCE_MS = 180_000;

/** The rewards of each claim: two, so that a worker can die between them. */
export const REWARDS = [CAPE, MOUNT];

const START: Call[] = ['entitlements.take', 'stock.reserve', 'claims.startFulfilling'];
const SETTLE: Call[] = ['claims.takeGrantFate', 'stock.settle', 'claims.finish'];
const GIVE_BACK: Call[] = ['stock.release', 'entitlements.giveBack', 'claims.finish'];
const UNDO: Call[] = ['claims.takeUndoFate', 'provider.revoke', ...GIVE_BACK];
const PARKED: Call[] = [...START, 'provider.grant', 'claims.park'];
const STUCK: Call[] = [
  ...START,
  'provider.grant',
  'claims.takeUndoFate',
  'provider.revoke',
  'claims.park',
  'claims.unpark',
];

const named = (steps: string[]): string[] => steps.map((step) => step.split(' ')[0] as string);
const both = <T>(of: T) => ({ cape: of, mount: of });
const GAME: Partial<EventFields> = { fulfillment: { provider: 'game' } };

const GRANTED: Ending = {
  end: 'GRANTED',
  lines: both('GRANTED'),
  given: both('GRANTED'),
  isEntitled: true,
  books: both('10 = 9 + 0 + 1'),
  steps: named(GRANTED_STEPS),
};
const GRANTED_BY_GAME: Ending = { ...GRANTED, given: both('GRANTED ×1') };

const UNDONE: Omit<Ending, 'end' | 'given'> = {
  lines: both('REVOKED'),
  isEntitled: false,
  books: both('10 = 10 + 0 + 0'),
  steps: named(undoneSteps('')),
};

/** The cape is granted, the mount refused. */
const REFUSED: Rule = { do: 'refuse', lineId: 'mount' };
/** For as many attempts as a worker of this test makes. */
const AWAY: Rule = { do: 'fail', on: ['grant', 'lookup'], lineId: 'mount', times: 6 };
const GIVEN_AND_REFUSED = { cape: 'REVOKED ×1', mount: 'REFUSED ×0' };
/** A tombstone: taken back before it was given. */
const GIVEN_AND_NEVER = { cape: 'REVOKED ×1', mount: 'REVOKED ×0' };

const isParked = ({ state }: Claim) => state === 'NEEDS_ATTENTION';

/** Signals the claim's run, however long that takes; one that is over has heard it before. */
async function signal(laurel: Laurel, claimId: string, name: ClaimSignal): Promise<void> {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  await run.signal(name).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

/** An admin decides once the claim is parked. */
const decided = (decision: 'retry' | 'abort'): Play => ({
  awaits: ({ seen }, { claimId }) => seen(claimId, isParked),
  async does({ laurel }, { claimId }) {
    await decide(laurel, claimId, decision);
    // The API's own signal is given up on after three seconds, and no reconciliation runs yet.
    await signal(laurel, claimId, SIGNALS.decided);
  },
});

/** The player is banned once the game gave the cape and did not give the mount. */
const banned: Play = {
  async awaits({ laurel }, { claimId }) {
    const answers = (lineId: string) =>
      laurel.game
        .requests()
        .filter((r) => r.grantId === `${claimId}:${lineId}`)
        .map((r) => r.answer);
    const isSo = () => answers('cape').includes(200) && answers('mount').includes(503);
    await laurel.game.waitFor(isSo, PATIENCE_MS);
  },
  async does({ laurel }, { claimId, userId }) {
    await leaves(laurel, userId);
    await signal(laurel, claimId, SIGNALS.userLeft);
  },
};

const strangersAt = ({ eventId }: CrashClaim): string[] =>
  Array.from({ length: HOLDS_PER_BUCKET }, (_, n) => `clm_${eventId}n${n}:cape`);

/** As many strangers' holds in the cape's only bucket as it has room for. */
async function crowd({ store }: Laurel, claim: CrashClaim): Promise<void> {
  const holds = strangersAt(claim);
  const books = { stock: 10 + holds.length, holds };
  await store.stock.model.updateOne({ eventId: claim.eventId, rewardId: 'cape' }, books);
}

/** The strangers go, once the claim was seen to wait; reconciliation may have sent some away. */
const makeRoom: Play = {
  awaits: ({ seen }, { claimId }) => seen(claimId, ({ state }) => state !== 'PENDING_VALIDATION'),
  async does({ laurel }, claim) {
    const holds = { $setDifference: ['$holds', strangersAt(claim)] };
    const taken = { $add: ['$granted', { $size: '$holds' }] };
    await laurel.store.stock.model.collection.updateOne(
      { eventId: claim.eventId, rewardId: 'cape' },
      [{ $set: { holds, stock: 10 } }, { $set: { available: { $subtract: ['$stock', taken] } } }],
    );
  },
};

export const WAYS: Way[] = [
  {
    name: 'granted through the mailbox, on the short way',
    writes: [...START, 'provider.grant', ...SETTLE],
    crashAt: [...START, 'provider.grant', ...SETTLE],
    ending: GRANTED,
  },
  {
    name: 'granted by the game',
    writes: [...START, 'provider.grant', ...SETTLE],
    crashAt: [...START, 'provider.grant', ...SETTLE],
    event: GAME,
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted by the game after a while',
    writes: [...START, 'provider.grant', ...SETTLE],
    crashAt: ['provider.grant', 'provider.lookup'],
    event: GAME,
    rules: [{ do: 'pending', settleAfterMs: 500, callback: true }],
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted after a wait for room among the holds',
    writes: [
      'entitlements.take',
      'stock.reserve',
      'claims.showReserving',
      'claims.startFulfilling',
      'provider.grant',
      ...SETTLE,
    ],
    crashAt: ['claims.showReserving'],
    prepare: crowd,
    play: makeRoom,
    ending: GRANTED,
  },
  {
    name: 'rejected, as another claim has the entitlement',
    writes: ['entitlements.take', 'claims.reject'],
    crashAt: ['entitlements.take', 'claims.reject'],
    async prepare({ store }, { claimId, userId, eventId }) {
      const another = { claimId: `${claimId}-other`, userId, eventId, periodKey: 'once' };
      await store.entitlements.take({ ...another, claimsPerPeriod: 1 }, new Date());
    },
    ending: {
      ...UNDONE,
      end: 'REJECTED / ALREADY_CLAIMED',
      lines: both('PENDING'),
      given: both('NEVER_SEEN'),
      steps: ['S0_ACCEPT', 'S1_VALIDATE'],
    },
  },
  {
    name: 'granted, as the game says that its condition is met',
    writes: [
      'entitlements.take',
      'claims.showChecking',
      ...START.slice(1),
      'provider.grant',
      ...SETTLE,
    ],
    crashAt: ['claims.showChecking'],
    event: { condition: { not: { metric: 'cheating', atLeast: 1, source: 'game' } } },
    ending: GRANTED,
  },
  {
    name: 'rejected, as its condition is not met',
    writes: ['entitlements.take', 'claims.explain', 'claims.takeUndoFate', ...GIVE_BACK],
    crashAt: ['claims.explain', 'claims.takeUndoFate', ...GIVE_BACK.slice(1)],
    event: { condition: { metric: 'boss.killed', atLeast: 1 } },
    ending: {
      ...UNDONE,
      end: 'REJECTED / CONDITION_NOT_MET',
      lines: both('CANCELLED'),
      given: both('NEVER_SEEN'),
      steps: ['S0_ACCEPT', 'S1_VALIDATE', 'S2_CONDITIONS', ...named(undoneSteps('')).slice(-2)],
    },
  },
  {
    name: 'rejected, as the second of two rewards is sold out',
    writes: ['entitlements.take', 'stock.reserve', 'claims.takeUndoFate', ...GIVE_BACK],
    crashAt: ['claims.takeUndoFate', ...GIVE_BACK],
    async prepare({ store }, { eventId }) {
      const soldOut = { available: 0, granted: 10 };
      await store.stock.model.updateOne({ eventId, rewardId: 'mount' }, soldOut);
    },
    ending: {
      ...UNDONE,
      end: 'REJECTED / SOLD_OUT',
      lines: both('CANCELLED'),
      given: both('NEVER_SEEN'),
      books: { cape: '10 = 10 + 0 + 0', mount: '10 = 0 + 0 + 10' },
      steps: [
        'S0_ACCEPT',
        'S1_VALIDATE',
        'S2_CONDITIONS',
        'S3_RESERVE',
        ...named(undoneSteps('')).slice(-2),
      ],
    },
  },
  {
    name: 'refused by the mailbox and undone',
    writes: [...START, 'provider.grant', ...UNDO],
    crashAt: UNDO,
    prepare: ({ store }, { claimId }) => store.mailbox.revoke(`${claimId}:mount`),
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: both('REVOKED') },
  },
  {
    name: 'refused by the game and undone',
    writes: [...START, 'provider.grant', ...UNDO],
    crashAt: UNDO,
    event: GAME,
    rules: [REFUSED],
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: GIVEN_AND_REFUSED },
  },
  {
    name: 'undone, as the player is banned while the game is asked again and again',
    writes: [...START, 'provider.grant', ...UNDO],
    crashAt: ['claims.takeUndoFate', 'provider.revoke'],
    event: GAME,
    rules: [{ do: 'fail', retryAfter: '60', lineId: 'mount' }],
    play: banned,
    ending: { ...UNDONE, end: 'FAILED / USER_NOT_ACTIVE', given: GIVEN_AND_NEVER },
  },
  {
    name: 'parked, retried and granted',
    writes: [...PARKED, 'claims.unpark', ...SETTLE],
    crashAt: ['claims.park', 'claims.unpark', 'provider.lookup', 'claims.takeGrantFate'],
    event: GAME,
    rules: [AWAY],
    play: decided('retry'),
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'parked, aborted and undone',
    writes: [...PARKED, ...UNDO],
    crashAt: ['claims.takeUndoFate', 'provider.revoke'],
    event: GAME,
    rules: [AWAY],
    play: decided('abort'),
    ending: { ...UNDONE, end: 'FAILED / ABORTED_BY_ADMIN', given: GIVEN_AND_NEVER },
  },
  {
    name: 'parked, as the game would not take a grant back, retried and undone',
    writes: [...STUCK, ...GIVE_BACK],
    crashAt: ['claims.park', 'claims.unpark', 'claims.finish'],
    event: GAME,
    rules: [REFUSED, { do: 'refuseRevoke', lineId: 'cape', times: 1 }],
    play: decided('retry'),
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: GIVEN_AND_REFUSED },
  },
  {
    name: 'parked, as the game would not take a grant back, and given up on',
    writes: [...STUCK, 'stock.settle', 'stock.release', 'claims.finish'],
    crashAt: ['claims.unpark', 'stock.settle', 'stock.release', 'claims.finish'],
    event: GAME,
    rules: [REFUSED, { do: 'refuseRevoke', lineId: 'cape' }],
    play: decided('abort'),
    ending: {
      ...UNDONE,
      end: 'FAILED / COMPENSATION_FAILED',
      lines: { cape: 'GRANTED', mount: 'REVOKED' },
      given: { cape: 'GRANTED ×1', mount: 'REFUSED ×0' },
      isEntitled: true,
      books: { cape: '10 = 9 + 0 + 1', mount: '10 = 10 + 0 + 0' },
    },
  },
];

/** The names of a way's points, in the order in which a claim comes to them. */
export function pointsOn({ crashAt }: Way): string[] {
  return crashAt.flatMap((call) => [`before ${call}`, `after ${call}`]);
}
