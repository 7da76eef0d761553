/** For tests of claims: a claim in any situation of its life, and its record. */
import { type ClaimState, type Fate, isFinal, type Step } from '../../domain/claims/claim.ts';
import type { Store } from '../index.ts';
import { newClaim } from '../test-store.ts';
import type { Claim } from './claim-record.ts';

export const ADMIN = { actor: { userId: 'usr_admin', role: 'ADMIN' }, requestId: 'test' } as const;

/** A claim in its life: its state, its fate, and how often it was parked. */
export interface Situation {
  state: ClaimState;
  fate: Fate | null;
  parkings: number;
  decided?: boolean;
  /**
   * Whether a provider may have been asked for its lines. Unless given, true past the early states.
   */
  asked?: boolean;
}

export const isEarly = ({ state }: Situation) =>
  ['PENDING_VALIDATION', 'CHECKING_CONDITIONS', 'RESERVING_STOCK'].includes(state);

/** A step that succeeded. */
export const step = (name: Step['step']): Step => {
  const at = '2026-11-22T12:00:00.000Z';
  return { step: name, outcome: 'OK', startedAt: at, endedAt: at, attempts: 1, detail: null };
};

/** The claim's record as it is now. */
export async function recordIn({ claims }: Store, { _id, userId }: Claim): Promise<Claim> {
  return (await claims.get(_id, userId)) as Claim;
}

/** Records a claim, and puts it into that situation. */
export async function claimInSituation(store: Store, situation: Situation): Promise<Claim> {
  const { state, fate, parkings, decided, asked = !isEarly(situation) } = situation;
  const { claim } = await store.claims.accept(newClaim());
  const parking = {
    number: parkings,
    reason: 'FULFILLMENT_UNAVAILABLE',
    detail: '503',
    step: 'S4_FULFIL',
    lineIds: ['cape'],
    at: new Date(),
    decision: decided ? { action: 'RETRY', note: null, by: 'usr_1', at: new Date() } : null,
  };
  const now = isFinal(state) ? { $set: { endedAt: new Date() }, $unset: { open: true } } : {};
  await store.claims.model.collection.updateOne(
    { _id: claim._id as never },
    {
      ...now,
      $set: { ...now.$set, state, fate, asked, parking: parkings > 0 ? parking : null },
    },
  );
  return await recordIn(store, claim);
}

/** Parks the claim for the `number`th time. */
export async function parkAs({ claims }: Store, claim: Claim, number: number) {
  return await claims.park(
    claim,
    {
      number,
      reason: 'FULFILLMENT_UNKNOWN',
      detail: 'no answer',
      step: 'S4_FULFIL',
      lineIds: claim.lines.map((line) => line.lineId),
    },
    { lines: claim.lines, steps: claim.steps },
  );
}

/** The fields that may be null. Any other field without a value must be absent. */
const MAY_BE_NULL = [
  ...['rewardId', 'reason', 'fate', 'fateReason', 'askedBy', 'parking', 'endedAt'],
];
const MOMENTS = ['acceptedAt', 'recordedAt', 'createdAt', 'updatedAt', 'endedAt'];

/** The fields with a value that they should not have. */
export function oddIn(claim: Claim): string[] {
  const isOdd = ([field, value]: [string, unknown]) => {
    if (value === null) return !MAY_BE_NULL.includes(field);
    return MOMENTS.includes(field) && !(value instanceof Date);
  };
  return Object.entries(claim)
    .filter(isOdd)
    .map(([field]) => field);
}
