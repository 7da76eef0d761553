/** How errors cross from activities to workflows. */
import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { LimitReached } from '../domain/provider-limit.ts';
import type { FailureType } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';

/** A state of our own data that trying again cannot mend: the claim is parked for a person. */
export function broken(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'INTERNAL' satisfies FailureType);
}

/**
 * A provider without a definite answer: retried, after its `Retry-After` where it gave one. Expected
 * in operation, hence benign: it counts neither as an error in logs nor in the SDK's metrics.
 */
export function providerFailure(error: ProviderError): ApplicationFailure {
  const type: FailureType =
    error.kind === 'UNAVAILABLE' ? 'FULFILLMENT_UNAVAILABLE' : 'FULFILLMENT_UNKNOWN';
  return ApplicationFailure.create({
    message: error.message,
    type,
    category: ApplicationFailureCategory.BENIGN,
    ...(error.retryAfterMs !== undefined && { nextRetryDelay: error.retryAfterMs }),
  });
}

/** When a call that got no turn at its provider may try again, in milliseconds. */
const NO_TURN_MS = 1_000;

/** Our own database is as good as away. */
export class TooSlow extends Error {}

/**
 * Whether an attempt to ask a provider failed for our own database, or for want of a turn: says
 * nothing about the provider, so it must not use up its attempts. A local activity is repeated anyway.
 * What our database said is logged here, as the attempt ends without an error.
 */
export function isOursToRepeat(
  { databaseTrouble }: Pick<ActivityDeps, 'databaseTrouble'>,
  error: unknown,
): boolean {
  if (activityInfo().isLocal) return false;
  if (error instanceof TooSlow || error instanceof LimitReached) return true;
  const trouble = databaseTrouble(error);
  if (trouble === 'AWAY') log.warn('MongoDB is away; it is tried again', { error });
  // It may last until a person mends it, and the claim waits so long.
  if (trouble === 'REFUSES') log.error('MongoDB refuses; it is tried again', { error });
  return trouble !== null;
}

/** Runs an attempt that costs nobody anything when it is repeated; without a turn it is. */
export async function inTurn<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    throw providerFailure(new ProviderError('UNAVAILABLE', error.message, NO_TURN_MS));
  }
}

/** Runs a provider's verb with its errors made into failures. */
export async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProviderError) throw providerFailure(error);
    throw error;
  }
}
