/** The workflows that a claim's workflow is compared with. */
import { proxyActivities } from '@temporalio/workflow';
import type { SagaActivities, SagaInput } from './activities.ts';

/** The least that the engine can do: a workflow without steps. */
export async function nothing(): Promise<void> {}

const steps = proxyActivities<SagaActivities>({ startToCloseTimeout: '30 seconds' });

/** A claim in its simplest form: each step is one activity. */
export async function saga(input: SagaInput): Promise<string> {
  const claim = await steps.accept(input);
  await steps.validate(claim);
  await steps.checkCondition(claim);
  await steps.reserve(claim);
  await steps.fulfil(claim);
  await steps.settle(claim);
  return claim.claimId;
}
