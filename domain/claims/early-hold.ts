/** Whether the API holds a claim's units itself, before the claim's run begins. */
import { needsHold } from './holds.ts';

interface Early {
  lines: readonly { buckets: number | null }[];
  snapshot: { condition?: object | null };
}

/**
 * Whether the API takes the claim's holds. It does not where a condition may still refuse the
 * claim: the units would be kept from other players meanwhile.
 */
export function isHeldEarly(claim: Early): boolean {
  return !claim.snapshot.condition && needsHold(claim);
}
