/** A claim's timeouts, attempts and queues for the providers that it asks. */
import type { Claim } from '../store/claims/claim-record.ts';
import { type FulfillmentPolicy, type LimitedQueue, providerQueue } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * The policy for a claim. Timeouts and attempts are the same for all; a provider with a limit has a
 * queue of its own. A condition that asks several providers is checked on the common queue.
 */
export function policyFor(
  { policy, callLimiter }: Pick<ActivityDeps, 'policy' | 'callLimiter'>,
  { snapshot }: Pick<Claim, 'snapshot'>,
): FulfillmentPolicy {
  const queueOf = (name: string | undefined): LimitedQueue | undefined =>
    name !== undefined && callLimiter.isLimited(name)
      ? { queue: providerQueue(name), waitMs: callLimiter.longestWaitMs }
      : undefined;
  const [asked, another] = snapshot.condition?.providers ?? [];
  const limited = queueOf(snapshot.provider);
  const limitedCheck = another === undefined ? queueOf(asked) : undefined;
  return { ...policy, ...(limited && { limited }), ...(limitedCheck && { limitedCheck }) };
}
