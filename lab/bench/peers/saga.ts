/**
 * The saga that every engine here runs, word for word. It imports nothing, so that each of them can
 * take it as it is; what makes it durable is `call`, which is the engine's own way to run a step.
 */

/** One player's claim of an event's reward. `claimId` is its identity on every engine. */
export interface Claim {
  claimId: string;
  userId: string;
  eventId: string;
}

/** What the event gives; `buckets` is how many parts its stock is spread over. */
export interface Reward {
  rewardId: string;
  kind: string;
  name: string;
  quantity: number;
  buckets: number;
}

/** The claim as the steps pass it on. */
export interface Order extends Claim {
  /** Known once the claim is valid. */
  reward: Reward | null;
  /** Why it is not granted; null as long as nothing spoke against it. */
  refusal: string | null;
}

export type Outcome = 'GRANTED' | 'REJECTED' | 'FAILED';

/** What a step learnt. */
export type Learnt = Partial<Pick<Order, 'reward' | 'refusal'>>;

export type StepName = 'validate' | 'reserve' | 'grant' | 'record' | 'release' | 'revoke';
export type Steps = Record<StepName, (order: Order) => Promise<Learnt>>;

/** Runs a step so that what it answered outlives a crash. */
export type Call = (step: StepName, order: Order) => Promise<Learnt>;

const FORWARD: readonly { step: StepName; undoneBy?: StepName }[] = [
  { step: 'validate' },
  { step: 'reserve', undoneBy: 'release' },
  { step: 'grant', undoneBy: 'revoke' },
];

/** Why a claim ends that had something to undo. */
export const MAIL_REFUSED = 'FULFILLMENT_REFUSED';

/** Grants the claim, or undoes what was done of it: last in, first out. */
export async function saga(claim: Claim, call: Call): Promise<Outcome> {
  let order: Order = { ...claim, reward: null, refusal: null };
  const compensations: StepName[] = [];
  for (const { step, undoneBy } of FORWARD) {
    // Before the step, as one whose answer was lost may have been done.
    if (undoneBy !== undefined) compensations.unshift(undoneBy);
    order = { ...order, ...(await call(step, order)) };
    if (order.refusal !== null) break;
  }
  if (order.refusal !== null) for (const step of compensations) await call(step, order);
  await call('record', order);
  return outcomeOf(order);
}

/** How a claim ends: `FAILED` where something had to be undone, as in the product. */
export function outcomeOf({ refusal }: Order): Outcome {
  if (refusal === null) return 'GRANTED';
  return refusal === MAIL_REFUSED ? 'FAILED' : 'REJECTED';
}
