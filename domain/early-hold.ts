/** Which claims are held before their run begins: those that nothing can refuse but what is left. */

interface Early {
  lines: readonly { buckets: number | null }[];
  snapshot: { condition?: object | null };
}

/**
 * Whether the API takes the holds of a claim itself. Not where a condition may
 * still refuse it: it would keep units from others meanwhile.
 */
export function isHeldEarly({ lines, snapshot }: Early): boolean {
  return !snapshot.condition && lines.some(({ buckets }) => buckets !== null);
}
