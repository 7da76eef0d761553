/**
 * The saga that every engine here runs unchanged. It imports nothing, so that every engine can load
 * it. `call` runs a step in the engine's own way, which is what makes the saga durable.
 */

/** One player's claim of an event's reward. `claimId` is its identity on every engine. */
export interface Claim {
  claimId: string;
  userId: string;
  eventId: string;
}

/** The event's reward. `buckets` is the number of parts that its stock has. */
export interface Reward {
  rewardId: string;
  kind: string;
  name: string;
  quantity: number;
  buckets: number;
}

/** The claim as it is passed from step to step. */
export interface Order extends Claim {
  /** Null until the claim was validated. */
  reward: Reward | null;
  /** Why it is not granted. Null if there is no reason so far. */
  refusal: string | null;
}

export type Outcome = 'GRANTED' | 'REJECTED' | 'FAILED';

/** What a step adds to the order. */
export type StepResult = Partial<Pick<Order, 'reward' | 'refusal'>>;

export type StepName = 'validate' | 'reserve' | 'grant' | 'record' | 'release' | 'revoke';
export type Steps = Record<StepName, (order: Order) => Promise<StepResult>>;

/** Runs a step so that its result survives a crash. */
export type Call = (step: StepName, order: Order) => Promise<StepResult>;

const FORWARD: readonly { step: StepName; undoneBy?: StepName }[] = [
  { step: 'validate' },
  { step: 'reserve', undoneBy: 'release' },
  { step: 'grant', undoneBy: 'revoke' },
];

/** The refusal of a claim that has something to undo. */
export const MAIL_REFUSED = 'FULFILLMENT_REFUSED';

/** Grants the claim, or undoes its steps in reverse order. */
export async function saga(claim: Claim, call: Call): Promise<Outcome> {
  let order: Order = { ...claim, reward: null, refusal: null };
  const compensations: StepName[] = [];
  for (const { step, undoneBy } of FORWARD) {
    // Registered before the step: a step without an answer may have been done.
    if (undoneBy !== undefined) compensations.unshift(undoneBy);
    order = { ...order, ...(await call(step, order)) };
    if (order.refusal !== null) break;
  }
  if (order.refusal !== null) for (const step of compensations) await call(step, order);
  await call('record', order);
  return outcomeOf(order);
}

/** The outcome of an order: `FAILED` if a grant had to be undone, as in the product. */
export function outcomeOf({ refusal }: Order): Outcome {
  if (refusal === null) return 'GRANTED';
  return refusal === MAIL_REFUSED ? 'FAILED' : 'REJECTED';
}
