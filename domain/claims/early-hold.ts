/** Which claims are held before their run begins: those that nothing can refuse but what is left. */
import { isLimited } from './holds.ts';

interface Early {
  lines: readonly { buckets: number | null }[];
  snapshot: { condition?: object | null };
}

/**
 * Whether the API takes the holds of a claim itself. Not where a condition may still refuse it: it
 * would keep units from others meanwhile.
 */
export function isHeldEarly(claim: Early): boolean {
  return !claim.snapshot.condition && isLimited(claim);
}
