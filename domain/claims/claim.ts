/** A claim's states, steps and lines, and the only moves between states that exist. */

/** States a claim can be in; the words are the HTTP contract's. */
export const CLAIM_STATES = [
  'PENDING_VALIDATION',
  'CHECKING_CONDITIONS',
  'RESERVING_STOCK',
  'FULFILLING',
  'GRANTED',
  'COMPENSATING',
  'NEEDS_ATTENTION',
  'REJECTED',
  'FAILED',
] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** Final states: a claim in one of them never changes again. */
export const FINAL_STATES = ['GRANTED', 'REJECTED', 'FAILED'] as const;
export type FinalState = (typeof FINAL_STATES)[number];
type OpenState = Exclude<ClaimState, FinalState>;

/** States before the record says that a provider may have been asked. */
export const EARLY_STATES = [
  'PENDING_VALIDATION',
  'CHECKING_CONDITIONS',
  'RESERVING_STOCK',
] as const satisfies readonly OpenState[];

/** Where every early state may lead, without S4 on the record. */
const TO_AN_END = ['COMPENSATING', ...FINAL_STATES] as const;

/**
 * Which state may follow which. A claim may skip states: one without a condition is never
 * `CHECKING_CONDITIONS`. It never goes back, except when it leaves a parking.
 */
const NEXT: { readonly [S in ClaimState]: readonly ClaimState[] } = {
  PENDING_VALIDATION: ['CHECKING_CONDITIONS', 'RESERVING_STOCK', 'FULFILLING', ...TO_AN_END],
  CHECKING_CONDITIONS: ['RESERVING_STOCK', 'FULFILLING', 'NEEDS_ATTENTION', ...TO_AN_END],
  RESERVING_STOCK: ['FULFILLING', ...TO_AN_END],
  FULFILLING: ['GRANTED', 'COMPENSATING', 'NEEDS_ATTENTION'],
  COMPENSATING: ['REJECTED', 'FAILED', 'NEEDS_ATTENTION'],
  NEEDS_ATTENTION: ['CHECKING_CONDITIONS', 'FULFILLING', 'COMPENSATING'],
  GRANTED: [],
  REJECTED: [],
  FAILED: [],
};

/** Whether a claim has no fate yet, and its record does not say that S4 has begun. */
export function isEarly({ fate, state }: { fate: Fate | null; state: ClaimState }): boolean {
  return fate === null && (EARLY_STATES as readonly ClaimState[]).includes(state);
}

/** Whether a claim in this state will never change again. */
export function isFinal(state: ClaimState): state is FinalState {
  return (FINAL_STATES as readonly ClaimState[]).includes(state);
}

/** Whether a claim may go from one state to the other. */
export function mayMove(from: ClaimState, to: ClaimState): boolean {
  return NEXT[from].includes(to);
}

/** The states from which `to` may be reached: the guard of a write that moves a claim there. */
export function statesBefore(to: ClaimState): ClaimState[] {
  return CLAIM_STATES.filter((from) => mayMove(from, to));
}

/** The final state of a claim without a grant. */
type EndWithoutGrant = Exclude<FinalState, 'GRANTED'>;

/** The final state that each reason leads to. `REJECTED`: a rule said no. `FAILED`: anything else. */
const FINAL_STATE_BY_REASON = {
  USER_NOT_ACTIVE: 'FAILED',
  EVENT_NOT_OPEN: 'REJECTED',
  ALREADY_CLAIMED: 'REJECTED',
  CONDITION_NOT_MET: 'REJECTED',
  SOLD_OUT: 'REJECTED',
  FULFILLMENT_REFUSED: 'FAILED',
  FULFILLMENT_UNAVAILABLE: 'FAILED',
  FULFILLMENT_UNKNOWN: 'FAILED',
  COMPENSATION_FAILED: 'FAILED',
  ABORTED_BY_ADMIN: 'FAILED',
  INTERNAL: 'FAILED',
} as const satisfies Record<string, EndWithoutGrant>;

/** Why a claim was refused, undone or parked. */
export type Reason = keyof typeof FINAL_STATE_BY_REASON;
export const REASONS = Object.keys(FINAL_STATE_BY_REASON) as Reason[];

/** The final state of a claim that is undone for this reason. */
export function finalStateOf(reason: Reason): EndWithoutGrant {
  return FINAL_STATE_BY_REASON[reason];
}

/**
 * The order in which the reasons to refuse a claim count: of several that hold, the first of this
 * list refuses it. One exception: the API
 * may refuse for units that are gone before the run has looked at the condition.
 */
export const REFUSAL_ORDER = [
  'USER_NOT_ACTIVE',
  'EVENT_NOT_OPEN',
  'ALREADY_CLAIMED',
  'CONDITION_NOT_MET',
  'SOLD_OUT',
] as const satisfies readonly Reason[];
export type RefusalReason = (typeof REFUSAL_ORDER)[number];

/**
 * The reasons that hold, in the order in which they count.
 * @param holds whether each reason holds; one that is left out was not looked at
 * @example
 * refusalsAmong({ SOLD_OUT: true, EVENT_NOT_OPEN: true }); // ['EVENT_NOT_OPEN', 'SOLD_OUT']
 */
export function refusalsAmong(holds: { readonly [R in RefusalReason]?: boolean }): RefusalReason[] {
  return REFUSAL_ORDER.filter((reason) => holds[reason]);
}

/** What a claim's end will be. Once it is on the record, every later step and run follows it. */
export type Fate = 'GRANT' | 'UNDO';

export const STEPS = [
  'S0_ACCEPT',
  'S1_VALIDATE',
  'S2_CONDITIONS',
  'S3_RESERVE',
  'S4_FULFIL',
  'S5_SETTLE',
  'UNDO_FULFIL',
  'UNDO_RESERVE',
  'UNDO_ENTITLEMENT',
] as const;
export type StepName = (typeof STEPS)[number];

/**
 * How a step can end. `REFUSED`: a rule or a provider said no. `PARKED`: the step waits for a
 * person. `STOPPED`: the claim must not go on.
 */
export const STEP_OUTCOMES = ['OK', 'SKIPPED', 'REFUSED', 'FAILED', 'PARKED', 'STOPPED'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

/** One step on the claim's record. Times are ISO 8601 texts, which Temporal carries unchanged. */
export interface Step {
  step: StepName;
  outcome: StepOutcome;
  startedAt: string;
  endedAt: string;
  /** How often the step was tried; 0 for a step with nothing to do. */
  attempts: number;
  detail: string | null;
}

/** Two entries of one step as one: first start, last end and outcome, all attempts. */
function joined(earlier: Step, later: Step): Step {
  return { ...later, startedAt: earlier.startedAt, attempts: earlier.attempts + later.attempts };
}

/**
 * The recorded steps with those that came since. A step that is recorded already is joined with its
 * entry, which stays in its place.
 */
export function withSteps(recorded: readonly Step[], since: readonly Step[]): Step[] {
  const steps = [...recorded];
  for (const step of since) {
    const at = steps.findIndex((s) => s.step === step.step);
    const earlier = steps[at];
    if (earlier) steps[at] = joined(earlier, step);
    else steps.push(step);
  }
  return steps;
}

/**
 * The entry of a step that had nothing to do.
 * @param at the step's start and end, ISO 8601
 */
export function skipped(step: Step['step'], at: string): Step {
  return { step, outcome: 'SKIPPED', startedAt: at, endedAt: at, attempts: 0, detail: null };
}

export const LINE_STATES = ['PENDING', 'GRANTED', 'REVOKED', 'CANCELLED'] as const;
/** `CANCELLED`: never asked for. `REVOKED`: taken back, or the provider will never give it. */
export type LineState = (typeof LINE_STATES)[number];

export const REWARD_KINDS = ['ITEM', 'CURRENCY', 'POINTS', 'COUPON'] as const;
export type RewardKind = (typeof REWARD_KINDS)[number];

/** One reward inside a claim, as it was when the claim was accepted. */
export interface Line {
  /** The reward's ID. */
  lineId: string;
  kind: RewardKind;
  name: string;
  quantity: number;
  /** Over how many buckets the reward's stock was spread at acceptance; null if it is unlimited. */
  buckets: number | null;
  state: LineState;
  grantedAt: Date | null;
}

/** The ID of a line's hold, and of its grant at the provider: both have the same ID. */
export function grantIdOf(claimId: string, lineId: string): string {
  return `${claimId}:${lineId}`;
}

/** The claim and the line that a grant ID names; null if the text is no grant ID. */
export function parseGrantId(grantId: string): { claimId: string; lineId: string } | null {
  const match = /^(clm_[a-z0-9]+):([a-z0-9_-]{1,64})$/.exec(grantId);
  return match?.[1] && match[2] ? { claimId: match[1], lineId: match[2] } : null;
}
