/** What S4 comes to, from the ends of its lines. */
import type { Reason, StepOutcome } from '../domain/claims/claim.ts';

/** How one line ended in S4. `PARK`: a person must decide. */
export type LineEnd =
  | { state: 'GRANTED' }
  | { state: 'STOPPED' }
  | { state: 'REFUSED'; detail: string }
  | { state: 'PARK'; reason: Reason; detail: string };

/** How S4 ended: as its lines did. `GRANTED`: all of them were granted. */
export type Fulfillment =
  | { end: 'GRANTED' }
  | { end: 'STOPPED' }
  | { end: 'REFUSED' }
  | { end: 'PARK'; reason: Reason; detail: string };

/** The outcome of the step S4 for each end. */
export const STEP_OUTCOME_OF = {
  GRANTED: 'OK',
  STOPPED: 'STOPPED',
  REFUSED: 'REFUSED',
  PARK: 'PARKED',
} as const satisfies Record<Fulfillment['end'], StepOutcome>;

/**
 * How S4 ended. The worst line decides: a stop comes before a refusal, a refusal before a parking,
 * and of several parkings the first line's counts.
 */
export function fulfillmentOf(ends: readonly LineEnd[]): Fulfillment {
  if (ends.some(({ state }) => state === 'STOPPED')) return { end: 'STOPPED' };
  if (ends.some(({ state }) => state === 'REFUSED')) return { end: 'REFUSED' };
  const parked = ends.find((end) => end.state === 'PARK');
  if (parked) return { end: 'PARK', reason: parked.reason, detail: parked.detail };
  return { end: 'GRANTED' };
}
