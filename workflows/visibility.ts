/**
 * What an admin sees of a claim in Temporal's Web UI. Each change costs a history event, so claims
 * on the happy path have none.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ClaimState, Reason } from '../domain/claims/claim.ts';

const CLAIM_STATE = defineSearchAttributeKey('ClaimState', 'KEYWORD');
const REASON = defineSearchAttributeKey('Reason', 'KEYWORD');

/** Makes the claim's run findable by the claim's state and reason. */
export function show(state: ClaimState, reason: Reason | null): void {
  upsertSearchAttributes([
    { key: CLAIM_STATE, value: state },
    { key: REASON, value: reason },
  ]);
}

/** What happened, for the reasons that are not a state of our own data. */
const HAPPENED: { readonly [R in Reason]?: string } = {
  FULFILLMENT_UNAVAILABLE:
    'The provider did not answer, or said it cannot now, as often as we try.',
  FULFILLMENT_UNKNOWN: 'It is not known whether the provider granted the reward.',
  COMPENSATION_FAILED: 'The provider refuses to take a granted reward back.',
};

/** Shows what happened, and what an admin can do about it. */
export function describeParking(reason: Reason): void {
  const happened =
    HAPPENED[reason] ?? 'The claim met a state of our own data that it cannot go on with.';
  const choices =
    reason === 'COMPENSATION_FAILED'
      ? 'Retry asks the provider again to take it back; abort ends the claim FAILED with that reward granted and counted.'
      : 'Retry looks up what the provider knows and goes on from there; abort revokes what was granted, gives the stock back and ends the claim FAILED.';
  setCurrentDetails(`${happened} ${choices}`);
}

/** Removes what `describeParking` showed. */
export function clearParking(): void {
  setCurrentDetails('');
}
