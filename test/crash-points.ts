/**
 * The points at which a worker is killed: before and after every write on every path of a claim. A
 * call to the provider is a write too. `after provider.grant`: it granted, its answer was lost.
 */
import type { EventFields } from '../domain/events/event.ts';
import { banned, type CrashClaim, crowd, decided, makeRoom, type Play } from './crash-plays.ts';
import { MOUNT, type Rule } from './game-claims.ts';
import { CAPE } from './helpers.ts';
import type { Call } from './interpose.ts';
import type { Laurel } from './laurel.ts';
import { GRANTED_STEPS, undoneSteps } from './outcomes.ts';

/** The point of a claim that is not stopped: it runs to its end. */
export const NOWHERE = 'nowhere';

/** Where each claim stops, such as `before stock.settle`, and whether its provider gets a first try. */
export type CrashOrders = Record<string, { point: string; isTried: boolean }>;

/** What the worker says: a claim came to its point, or a claim that stops nowhere made a call. */
export type Told = { claimId: string; reached: string } | { claimId: string; call: string };

/** Calls of a claim's activities that change nothing; a slot at a provider ends with its lease. */
export const READS: readonly string[] = [
  'claims.get',
  'stock.levels',
  'provider.lookup',
  'player',
  'conditionFacts.ofPlayer',
  'progress.read',
  'gameData.metrics',
  'callLimiter.run',
  'callLimiter.runNow',
];

interface Ending {
  end: string;
  lines: Record<string, string>;
  given: Record<string, string>;
  isEntitled: boolean;
  levels: Record<string, string>;
  /** The recorded steps without their outcomes: a step that is repeated may find nothing to do. */
  steps: string[];
}

export interface ClaimPath {
  name: string;
  /** Every write on it, in the order of their first time. */
  writes: Call[];
  /** Those at which its worker is killed; up to the others it is the same as another path. */
  crashAt: Call[];
  event?: Partial<EventFields>;
  rules?: Rule[];
  /** Its provider gets a first try within the claim's one activity. */
  isTried?: true;
  /** Its run is not the recorder's: nobody knows what another has taken or asked for. */
  isOthers?: true;
  /** The request that recorded it holds its units. */
  isHeld?: true;
  /** Done when the claim is accepted and no worker runs yet. */
  prepare?(laurel: Laurel, claim: CrashClaim): Promise<unknown>;
  play?: Play;
  ending: Ending;
  /** What is otherwise by where the worker was killed: the next run of it is not the recorder's. */
  differs?: Record<string, Partial<Ending>>;
}

/** The rewards of each claim: two, so that a worker can die between them. */
export const REWARDS = [CAPE, MOUNT];

const HOLD: Call[] = ['stock.reserve'];
const STEPWISE: Call[] = [...HOLD, 'claims.startFulfilling', 'provider.grant'];
const SETTLE: Call[] = ['claims.takeGrantFate', 'stock.settle', 'claims.grant'];
const GIVE_BACK: Call[] = ['stock.release', 'claims.finishUndone'];
const UNDO: Call[] = ['claims.takeUndoFate', 'provider.revoke', ...GIVE_BACK];
const PARKED: Call[] = [...STEPWISE, 'claims.park'];
const STUCK: Call[] = [
  ...STEPWISE,
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
  levels: both('10 = 9 + 0 + 1'),
  steps: named(GRANTED_STEPS),
};
const GRANTED_BY_GAME: Ending = { ...GRANTED, given: both('GRANTED ×1') };

const UNDONE: Omit<Ending, 'end' | 'given'> = {
  lines: both('REVOKED'),
  isEntitled: false,
  levels: both('10 = 10 + 0 + 0'),
  steps: named(undoneSteps('')),
};

/** The cape is granted, the mount refused. */
const REFUSED: Rule = { do: 'refuse', lineId: 'mount' };
/** As many times as a worker of this test tries. */
const AWAY: Rule = { do: 'fail', on: ['grant', 'lookup'], lineId: 'mount', times: 6 };
const GIVEN_AND_REFUSED = { cape: 'REVOKED ×1', mount: 'REFUSED ×0' };
/** A tombstone: taken back before it was given. */
const GIVEN_AND_NEVER = { cape: 'REVOKED ×1', mount: 'REVOKED ×0' };

/** What a claim comes to that is refused before anything was taken. */
const REFUSED_EARLY = { ...UNDONE, lines: both('CANCELLED'), given: both('NEVER_SEEN') };
const GAVE_BACK = ['UNDO_RESERVE', 'UNDO_ENTITLEMENT'];
const UNLIMITED = REWARDS.map((reward) => ({ ...reward, stock: null }));
const NO_LEVELS = { levels: {} };
const OLD_ENOUGH = { metric: 'account.ageDays', atLeast: 0 };
const BOSS_KILLED = { metric: 'boss.killed', atLeast: 1 };
const NOT_MET: Ending = {
  ...REFUSED_EARLY,
  end: 'REJECTED / CONDITION_NOT_MET',
  steps: ['S0_ACCEPT', 'S1_VALIDATE', 'S2_CONDITIONS'],
};

export const PATHS: ClaimPath[] = [
  {
    name: 'granted through the mailbox',
    writes: [...HOLD, ...SETTLE],
    crashAt: [...HOLD, ...SETTLE],
    ending: GRANTED,
  },
  {
    name: 'granted through the mailbox, its units held by the API',
    writes: SETTLE,
    crashAt: ['claims.takeGrantFate', 'claims.grant'],
    isHeld: true,
    async prepare({ store }, { claimId, eventId }) {
      for (const { rewardId } of REWARDS) {
        const hold = { holdId: `${claimId}:${rewardId}`, eventId, rewardId };
        await store.stock.reserve({ ...hold, quantity: 1, buckets: 1 });
      }
    },
    ending: GRANTED,
  },
  {
    name: 'granted through the mailbox, of rewards without a stock',
    writes: ['claims.grant'],
    crashAt: ['claims.grant'],
    event: { rewards: UNLIMITED },
    ending: { ...GRANTED, ...NO_LEVELS },
  },
  {
    name: 'granted by the game at the first try',
    writes: [...HOLD, 'provider.grant', ...SETTLE],
    crashAt: [...HOLD, 'provider.grant', ...SETTLE],
    event: GAME,
    isTried: true,
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted by the game at the first try, of rewards without a stock',
    writes: ['provider.grant', 'claims.grant'],
    crashAt: ['provider.grant', 'claims.grant'],
    event: { ...GAME, rewards: UNLIMITED },
    isTried: true,
    ending: { ...GRANTED_BY_GAME, ...NO_LEVELS },
  },
  {
    name: 'granted by the game at the first try, under a condition',
    writes: [...STEPWISE, ...SETTLE],
    crashAt: ['claims.startFulfilling', 'provider.grant', 'claims.takeGrantFate'],
    event: { ...GAME, condition: OLD_ENOUGH },
    isTried: true,
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted by the game step by step',
    writes: [...STEPWISE, ...SETTLE],
    crashAt: [...STEPWISE, ...SETTLE],
    event: GAME,
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted by the game step by step, as the first try was not decided',
    writes: [...HOLD, 'provider.grant', 'claims.startFulfilling', ...SETTLE],
    crashAt: ['claims.startFulfilling', 'provider.lookup', 'claims.takeGrantFate'],
    event: GAME,
    rules: [{ do: 'fail', lineId: 'mount', times: 1 }],
    isTried: true,
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted by the game after a while',
    writes: [...STEPWISE, ...SETTLE],
    crashAt: ['provider.grant', 'provider.lookup'],
    event: GAME,
    rules: [{ do: 'pending', settleAfterMs: 500, callback: true }],
    ending: GRANTED_BY_GAME,
  },
  {
    name: 'granted after a wait for room among the holds',
    writes: [...HOLD, 'claims.showReserving', ...SETTLE],
    crashAt: ['claims.showReserving'],
    prepare: crowd,
    play: makeRoom,
    ending: GRANTED,
  },
  {
    name: 'granted, as the game says that its condition is met',
    writes: ['claims.showChecking', ...HOLD, ...SETTLE],
    crashAt: ['claims.showChecking'],
    event: { condition: { not: { metric: 'cheating', atLeast: 1, source: 'game' } } },
    ending: GRANTED,
  },
  {
    name: 'rejected in one write, as its condition is not met',
    writes: ['claims.refuse'],
    crashAt: ['claims.refuse'],
    event: { condition: BOSS_KILLED },
    ending: NOT_MET,
    differs: { 'before claims.refuse': { steps: [...NOT_MET.steps, ...GAVE_BACK] } },
  },
  {
    name: 'rejected by a later run, as its condition is not met',
    writes: ['claims.explain', 'claims.takeUndoFate', ...GIVE_BACK],
    crashAt: ['claims.explain', 'claims.takeUndoFate', ...GIVE_BACK],
    event: { condition: BOSS_KILLED },
    isOthers: true,
    ending: { ...NOT_MET, steps: [...NOT_MET.steps, ...GAVE_BACK] },
  },
  {
    name: 'stopped in one write, as its player had left',
    writes: ['claims.refuse'],
    crashAt: ['claims.refuse'],
    event: GAME,
    isTried: true,
    prepare: ({ store }, { userId }) =>
      store.users.model.updateOne({ _id: userId }, { status: 'BANNED' }),
    ending: {
      ...REFUSED_EARLY,
      end: 'FAILED / USER_NOT_ACTIVE',
      steps: ['S0_ACCEPT', 'S1_VALIDATE'],
    },
    // The game may have been asked, for all that the next run knows.
    differs: {
      'before claims.refuse': {
        lines: both('REVOKED'),
        given: both('REVOKED ×0'),
        steps: ['S0_ACCEPT', 'S1_VALIDATE', 'UNDO_FULFIL', ...GAVE_BACK],
      },
      'after claims.refuse': { given: both('REVOKED ×0') },
    },
  },
  {
    name: 'rejected, as the second of two rewards is sold out',
    writes: [...HOLD, 'claims.takeUndoFate', ...GIVE_BACK],
    crashAt: ['claims.takeUndoFate', ...GIVE_BACK],
    async prepare({ store }, { eventId }) {
      const soldOut = { available: 0, granted: 10 };
      await store.stock.model.updateOne({ eventId, rewardId: 'mount' }, soldOut);
    },
    ending: {
      ...REFUSED_EARLY,
      end: 'REJECTED / SOLD_OUT',
      levels: { cape: '10 = 10 + 0 + 0', mount: '10 = 0 + 0 + 10' },
      steps: ['S0_ACCEPT', 'S1_VALIDATE', 'S2_CONDITIONS', 'S3_RESERVE', ...GAVE_BACK],
    },
  },
  {
    name: 'taken back by a later run, as it was rejected meanwhile',
    writes: ['provider.revoke'],
    crashAt: ['provider.revoke'],
    event: GAME,
    isOthers: true,
    async prepare({ store }, { claimId }) {
      const claim = await store.claims.get(claimId);
      if (claim) await store.claims.refuse(claim, { reason: 'SOLD_OUT', steps: claim.steps });
    },
    ending: {
      ...REFUSED_EARLY,
      end: 'REJECTED / SOLD_OUT',
      given: both('REVOKED ×0'),
      steps: ['S0_ACCEPT'],
    },
  },
  {
    name: 'refused by the game at the first try and undone',
    writes: [...HOLD, 'provider.grant', ...UNDO],
    crashAt: UNDO,
    event: GAME,
    rules: [REFUSED],
    isTried: true,
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: GIVEN_AND_REFUSED },
  },
  {
    name: 'refused by the game step by step and undone',
    writes: [...STEPWISE, ...UNDO],
    crashAt: UNDO,
    event: GAME,
    rules: [REFUSED],
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: GIVEN_AND_REFUSED },
  },
  {
    name: 'undone, as the player is banned while the game is asked again and again',
    writes: [...STEPWISE, ...UNDO],
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
    crashAt: ['claims.park', 'claims.unpark', 'claims.finishUndone'],
    event: GAME,
    rules: [REFUSED, { do: 'refuseRevoke', lineId: 'cape', times: 1 }],
    play: decided('retry'),
    ending: { ...UNDONE, end: 'FAILED / FULFILLMENT_REFUSED', given: GIVEN_AND_REFUSED },
  },
  {
    name: 'parked, as the game would not take a grant back, and given up on',
    writes: [...STUCK, 'stock.settle', ...GIVE_BACK],
    crashAt: ['claims.unpark', 'stock.settle', ...GIVE_BACK],
    event: GAME,
    rules: [REFUSED, { do: 'refuseRevoke', lineId: 'cape' }],
    play: decided('abort'),
    ending: {
      ...UNDONE,
      end: 'FAILED / COMPENSATION_FAILED',
      lines: { cape: 'GRANTED', mount: 'REVOKED' },
      given: { cape: 'GRANTED ×1', mount: 'REFUSED ×0' },
      isEntitled: true,
      levels: { cape: '10 = 9 + 0 + 1', mount: '10 = 10 + 0 + 0' },
    },
  },
];

/** The names of a path's points, in the order in which a claim comes to them. */
export function pointsOn({ crashAt }: ClaimPath): string[] {
  return crashAt.flatMap((call) => [`before ${call}`, `after ${call}`]);
}

/** What the claim comes to that stopped there. */
export function endingAt({ ending, differs }: ClaimPath, point: string): Ending {
  return { ...ending, ...differs?.[point] };
}
