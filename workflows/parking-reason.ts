/** Why a claim is parked, from the failure of an activity that asks providers. */
import { ApplicationFailure } from '@temporalio/common';
import type { Reason } from '../domain/claims/claim.ts';
import { FAILURE_TYPES, type FailureType } from './contract.ts';

/** What staff see of a mistake of ours. The details are in the log, as they are not for players. */
const MISTAKE = 'Something went wrong on our side. The log says what.';

/**
 * The reason to park a claim whose attempts are used up. Only a failure that stands for a
 * provider's answer is the provider's; any other is a mistake of ours.
 * @param failure the `ActivityFailure`; its cause says what happened
 * @param onTimeout the reason where the activity did not end in time
 */
export function parkingReasonOf<S extends Reason>(
  { cause }: { cause?: Error | undefined },
  onTimeout: S,
): { reason: S | FailureType; detail: string } {
  if (!(cause instanceof ApplicationFailure)) {
    return { reason: onTimeout, detail: cause?.message ?? 'It did not end in time.' };
  }
  const type = FAILURE_TYPES.find((known) => known === cause.type);
  if (type === undefined) return { reason: 'INTERNAL', detail: MISTAKE };
  return { reason: type, detail: cause.message };
}
