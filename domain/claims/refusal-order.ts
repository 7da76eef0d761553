/** The order in which the reasons to refuse a claim count, wherever several of them hold. */
import type { Reason } from './claim.ts';

/**
 * Of several reasons that hold, the first of this list refuses the claim. One exception: the API
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
