/** What a claim's workflow is held against. */
import { proxyActivities } from '@temporalio/workflow';
import type { SagaActivities, SagaInput } from './activities.ts';

/** The least that the engine can do. */
export async function nothing(): Promise<void> {}

const steps = proxyActivities<SagaActivities>({ startToCloseTimeout: '30 seconds' });

/** A claim as one would write it first: each step an activity of its own. */
export async function saga(input: SagaInput): Promise<string> {
  const claim = await steps.accept(input);
  await steps.validate(claim);
  await steps.checkCondition(claim);
  await steps.reserve(claim);
  await steps.fulfil(claim);
  await steps.settle(claim);
  return claim.claimId;
}
