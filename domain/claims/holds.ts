/** Which rewards have a limited stock, which holds a claim needs of it, and who takes them. */
import { grantIdOf, type Line } from './claim.ts';

type Buckets = Pick<Line, 'buckets'>;

interface ClaimLines {
  lines: readonly Buckets[];
}

interface HeldClaim {
  _id: string;
  eventId: string;
  lines: readonly Pick<Line, 'lineId' | 'quantity' | 'buckets'>[];
}

/** Whether a line takes units of a limited stock. */
export function isLimited<L extends Buckets>(line: L): line is L & { buckets: number } {
  return line.buckets !== null;
}

/** Whether a claim needs a hold: at least one of its lines is limited. */
export function needsHold({ lines }: ClaimLines): boolean {
  return lines.some(isLimited);
}

/**
 * Whether the API takes the claim's holds, before the claim's run begins. It does not where a condition may still refuse the
 * claim: the units would be kept from other players meanwhile.
 */
export function isHeldEarly({
  lines,
  snapshot,
}: ClaimLines & { snapshot: { condition?: object | null } }): boolean {
  return !snapshot.condition && needsHold({ lines });
}

/** The holds that a claim needs: one for each limited line, in the order of the lines. */
export function holdsOf({ _id, eventId, lines }: HeldClaim) {
  return lines.filter(isLimited).map(({ lineId, quantity, buckets }) => ({
    holdId: grantIdOf(_id, lineId),
    eventId,
    rewardId: lineId,
    quantity,
    buckets,
  }));
}
