/** The holds of a claim: one for each of its lines with a stock. */
import { grantIdOf, type Line } from './claim.ts';

interface Lines {
  lines: readonly Pick<Line, 'buckets'>[];
}

interface Held {
  _id: string;
  eventId: string;
  lines: readonly Pick<Line, 'lineId' | 'quantity' | 'buckets'>[];
}

/** Whether the claim needs units of a stock. */
export function isLimited({ lines }: Lines): boolean {
  return lines.some(({ buckets }) => buckets !== null);
}

/** What is asked of the stock for the claim, in the order of its lines. */
export function holdsOf({ _id, eventId, lines }: Held) {
  return lines.flatMap(({ lineId, quantity, buckets }) =>
    buckets === null
      ? []
      : [{ holdId: grantIdOf(_id, lineId), eventId, rewardId: lineId, quantity, buckets }],
  );
}
