/** The saga as a Temporal workflow, one local activity for each step. */
import { proxyLocalActivities } from '@temporalio/workflow';
import { type Claim, type Outcome, type Steps, saga } from '../saga.ts';

const steps = proxyLocalActivities<Steps>({ startToCloseTimeout: '30 seconds' });

/** Runs the saga of one claim. */
export async function grantClaim(claim: Claim): Promise<Outcome> {
  return await saga(claim, (step, order) => steps[step](order));
}
