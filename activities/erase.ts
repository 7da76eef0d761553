/** The rest of a user's erasure: what the request for it left. */
import { Context } from '@temporalio/activity';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { Operation, OperationStore } from '../store/operations.ts';
import type { PersonalData } from '../store/privacy/personal-data.ts';

export interface EraseDeps {
  claims: Pick<ClaimStore, 'openOf'>;
  operations: Pick<OperationStore, 'finishErasure'>;
  personalData: Pick<PersonalData, 'erase'>;
  now(): Date;
}

/**
 * How long a request that was let in before the erasure may still write, in milliseconds: tokens
 * end within a second.
 */
const STILL_WRITING_MS = 2_000;

/** How long open claims are waited for, in milliseconds. Later, each pass of reconciliation looks. */
const WAIT_FOR_CLAIMS_MS = 60_000;

/**
 * Erases all that can be erased now, and ends the operation once no claim of the user is open. May
 * be stopped anywhere and repeated.
 * @returns whether to look again in a second; if not, and the operation is not done, the next pass
 *   of reconciliation starts it again
 */
export async function eraseNow(deps: EraseDeps, operation: Operation): Promise<boolean> {
  const { userId = '' } = operation.filter;
  const ageMs = deps.now().getTime() - operation.createdAt.getTime();
  // Before the erasure: a claim that ends in between is erased by the next look.
  const open = await deps.claims.openOf(userId);
  await deps.personalData.erase(userId, () => Context.current().heartbeat());
  if (open.length > 0) return ageMs < WAIT_FOR_CLAIMS_MS;
  if (ageMs < STILL_WRITING_MS) return true;
  await deps.operations.finishErasure(operation);
  return false;
}
