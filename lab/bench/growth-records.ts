/** The documents of earlier claims, computed from a claim's number alone. */
import { createHash } from 'node:crypto';
import { snapshotOf } from '../../api/claims/claim-draft.ts';
import type { FinalState, Line, Reason, Step, StepName } from '../../domain/claims/claim.ts';
import { DAY_MS, dayOf } from '../../domain/conditions/player-event.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { recordOf } from './players.ts';

/** Number of events that were claimed. Each earlier player claimed each of them once. */
export const PILED_EVENTS = 10;

/** Time between two earlier claims: a million claims take ninety days. */
const STEP_MS = 7_776;

/** How long ago the first claim was. A million claims end three days ago, as recent days are counted anew. */
export const PILE_MS = 93 * DAY_MS;

/** Time from a claim's acceptance to its end, in milliseconds. */
const TOOK_MS = 100;

/** The earlier claims of one database. */
export interface Pile {
  /** The claimed events, `PILED_EVENTS` of them. */
  events: readonly StoredEvent[];
  /** Time of the first claim, in milliseconds since the epoch. */
  sinceMs: number;
}

interface Ending {
  state: FinalState;
  reason: Reason | null;
  line: Line['state'];
  steps: StepName[];
}

const GRANTED: Ending = {
  state: 'GRANTED',
  reason: null,
  line: 'GRANTED',
  steps: ['S0_ACCEPT', 'S1_VALIDATE', 'S2_CONDITIONS', 'S3_RESERVE', 'S4_FULFIL', 'S5_SETTLE'],
};
const REJECTED: Ending = {
  state: 'REJECTED',
  reason: 'SOLD_OUT',
  line: 'CANCELLED',
  steps: ['S0_ACCEPT', 'S3_RESERVE'],
};
const FAILED: Ending = {
  state: 'FAILED',
  reason: 'FULFILLMENT_REFUSED',
  line: 'REVOKED',
  steps: [...GRANTED.steps.slice(0, 5), 'UNDO_FULFIL', 'UNDO_RESERVE', 'UNDO_ENTITLEMENT'],
};

/** Of a hundred claims of each event 70 are granted, 10 rejected and 20 failed. */
function endingOf(n: number): Ending {
  const of100 = (playerOf(n) + 31 * (n % PILED_EVENTS)) % 100;
  if (of100 < 70) return GRANTED;
  return of100 < 80 ? REJECTED : FAILED;
}

/** The number of the player of the `n`th claim. */
export function playerOf(n: number): number {
  return Math.floor(n / PILED_EVENTS);
}

/** The player's ID: it looks random, and is always the same. */
export function userIdOf(player: number): string {
  return `usr_${createHash('sha256').update(`player ${player}`).digest('hex').slice(0, 24)}`;
}

/** Whether the `n`th claim was granted. */
export function isGranted(n: number): boolean {
  return endingOf(n) === GRANTED;
}

/** The `n`th claim's time and ID, which are its position in lists. */
export function positionOf({ sinceMs }: Pile, n: number): { at: Date; id: string } {
  return { at: new Date(sinceMs + n * STEP_MS), id: claimIdOf(userIdOf(playerOf(n)), keyOf(n)) };
}

/** When the `n`th claim became final. */
export function endedAtOf(pile: Pile, n: number): Date {
  return new Date(positionOf(pile, n).at.getTime() + TOOK_MS);
}

const keyOf = (n: number) => `earlier-${n}`;

/** The document of the `n`th claim, which is final. */
export function claimOf(pile: Pile, n: number): Claim {
  const { at, id } = positionOf(pile, n);
  const event = pile.events[n % PILED_EVENTS] as StoredEvent;
  const ending = endingOf(n);
  const endedAt = endedAtOf(pile, n);
  const isUndone = ending !== GRANTED;
  return {
    _id: id,
    userId: userIdOf(playerOf(n)),
    idempotencyKey: keyOf(n),
    eventId: event.eventId,
    rewardId: null,
    periodKey: 'once',
    state: ending.state,
    reason: ending.reason,
    fate: isUndone ? 'UNDO' : 'GRANT',
    fateReason: ending.reason,
    asked: ending === FAILED,
    askedBy: null,
    lines: linesOf(event, ending.line, endedAt),
    steps: ending.steps.map((step) => stepOf(step, at)),
    parking: null,
    version: ending.steps.length > 2 ? 4 : 2,
    snapshot: snapshotOf(event, at),
    ...(!isUndone && { entitlements: [`${event.eventId}/once/0`] }),
    acceptedAt: at,
    recordedAt: at,
    createdAt: at,
    updatedAt: endedAt,
    endedAt,
  };
}

function linesOf(event: StoredEvent, state: Line['state'], endedAt: Date): Line[] {
  return event.rewards.map(({ rewardId, kind, name, quantity, buckets }) => ({
    lineId: rewardId,
    kind,
    name,
    quantity,
    buckets,
    state,
    grantedAt: state === 'GRANTED' ? endedAt : null,
  }));
}

function stepOf(step: StepName, at: Date): Step {
  const time = at.toISOString();
  return { step, outcome: 'OK', startedAt: time, endedAt: time, attempts: 1, detail: null };
}

/** The document of a player, who registered an hour before their first claim. */
export function userOf(pile: Pile, player: number): object {
  const record = recordOf(userIdOf(player), registeredAtOf(pile, player));
  // A few are banned.
  return player % 50 === 49 ? { ...record, status: 'BANNED' } : record;
}

/** When the player registered. */
export function registeredAtOf(pile: Pile, player: number): Date {
  return new Date(positionOf(pile, player * PILED_EVENTS).at.getTime() - 3_600_000);
}

/** A refresh token of the player that is still valid. */
export function familyOf(player: number, nowMs: number): object {
  const secret = (of: string) => createHash('sha256').update(`${of} ${player}`).digest('base64url');
  const userId = userIdOf(player);
  const createdAt = new Date(nowMs - DAY_MS);
  const expiresAt = new Date(nowMs + 29 * DAY_MS);
  return {
    _id: secret('family'),
    userId,
    epoch: 0,
    current: secret('token'),
    createdAt,
    expiresAt,
  };
}

const METRIC = { metric: 'quest.completed', key: 'snow-1' } as const;

/** A player event of yesterday. */
export function playerEventOf(player: number, nowMs: number): object {
  const day = dayOf(nowMs) - 1;
  const at = new Date(day * DAY_MS + (player % 1_000) * 1_000);
  const userId = userIdOf(player);
  return { _id: `activity-${player}`, userId, ...METRIC, at, day: new Date(day * DAY_MS) };
}

/** The player's progress of the day they registered, already folded. */
export function dayOfPlayer(pile: Pile, player: number): object {
  const userId = userIdOf(player);
  const day = dayOf(registeredAtOf(pile, player).getTime());
  const _id = `${userId} ${day} ${METRIC.metric} ${METRIC.key}`;
  const folded = { 7: { sum: 1, highest: null, latest: null } };
  return { _id, userId, ...METRIC, day, folded };
}
