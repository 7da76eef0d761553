/** From errors to the failures that Temporal carries to the workflow, or retries by. */
import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { LimitReached } from '../domain/provider-limit.ts';
import type { FailureType } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Our own data is in a state that a retry cannot repair: the claim is parked for a person. */
export function brokenData(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'INTERNAL' satisfies FailureType);
}

/** The configuration has no provider of this name, for now. */
export function notConfigured(name: string): ProviderError {
  return new ProviderError('UNAVAILABLE', `No provider named ${name} is configured.`);
}

/**
 * A provider gave no definite answer: Temporal retries, after the provider's `Retry-After` if it
 * sent one. Providers do fail at times, so the failure is benign: it is no error in the logs and in
 * the SDK's metrics.
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

/**
 * The pause before a call that found no free slot is tried again, in milliseconds: limits are per
 * second.
 */
const NO_SLOT_RETRY_MS = 1_000;

/** Our database answered too late for what was read to still be true. */
export class TooSlow extends Error {}

/**
 * Runs an attempt at a provider.
 * @returns `DATABASE_AWAY` if it failed for a reason of ours: our database, or no free slot in the
 *   provider's limit. Such a failure must not use up the provider's attempts, so the activity ends
 *   without an error and the workflow calls it again.
 * @throws what the attempt throws for any other reason
 */
export async function orDatabaseAway<T>(
  deps: Pick<ActivityDeps, 'databaseTrouble'>,
  attempt: () => Promise<T>,
): Promise<T | { state: 'DATABASE_AWAY' }> {
  try {
    return await attempt();
  } catch (error) {
    if (isNotProviders(deps, error)) return { state: 'DATABASE_AWAY' };
    throw error;
  }
}

/**
 * Whether an attempt failed for a reason of ours. The database's error is logged here, as nobody
 * else sees it. Always false in a local activity: Temporal retries that one without a limit.
 */
function isNotProviders(
  { databaseTrouble }: Pick<ActivityDeps, 'databaseTrouble'>,
  error: unknown,
): boolean {
  if (activityInfo().isLocal) return false;
  if (error instanceof TooSlow || error instanceof LimitReached) return true;
  const trouble = databaseTrouble(error);
  if (trouble === 'AWAY') log.warn('MongoDB is away; it is tried again', { error });
  // An error, as it lasts until a person repairs it. The claim waits that long.
  if (trouble === 'REFUSES') log.error('MongoDB refuses; it is tried again', { error });
  return trouble !== null;
}

/**
 * Runs a call to a provider that has no limit of attempts.
 * @throws ApplicationFailure (retried after a second) if no slot was free
 */
export async function retriedForSlot<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    throw providerFailure(new ProviderError('UNAVAILABLE', error.message, NO_SLOT_RETRY_MS));
  }
}

/** Runs a call to a provider. @throws ApplicationFailure in place of a `ProviderError` */
export async function withProviderFailures<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProviderError) throw providerFailure(error);
    throw error;
  }
}
