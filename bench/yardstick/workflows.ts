/** What a claim's workflow is held against. */
import { proxyActivities } from '@temporalio/workflow';
import type { SagaActivities } from './activities.ts';

export interface SagaInput {
  userId: string;
  eventId: string;
  idempotencyKey: string;
}

/** The least that the engine can do. */
export async function nothing(): Promise<void> {}

const steps = proxyActivities<SagaActivities>({ startToCloseTimeout: '30 seconds' });

/** A claim as one would write it first: each step an activity of its own. */
export async function saga(input: SagaInput): Promise<string> {
  const claimId = await steps.accept(input);
  await steps.validate(claimId);
  await steps.checkCondition(claimId);
  await steps.reserve(claimId);
  await steps.fulfil(claimId);
  await steps.settle(claimId);
  return claimId;
}
