/** Stops the running claims of a player who is no longer active. */
import { createWorkQueue, type WorkQueue } from '../domain/work-queue.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import { SIGNALS } from '../workflows/contract.ts';
import type { ClaimRuns } from './runs.ts';

/** What stopping needs. */
export interface StopDeps {
  claims: Pick<ClaimStore, 'openOf'>;
  runs: Pick<ClaimRuns, 'wake'>;
}

/** Claims woken in parallel. One player has few open claims. */
const AT_ONCE = 8;

/** Players who may wait in the queue. The claims of more are left to reconciliation. */
const MOST_WAITING = 1_000;

/** One queue for each client of Temporal. */
const queues = new WeakMap<object, WorkQueue>();

/** Whether the claim's run may be waiting. Before that it reads its player's record by itself. */
const mayBeWaiting = ({ state }: Claim): boolean => state !== 'PENDING_VALIDATION';

async function wakeClaims({ claims, runs }: StopDeps, userId: string): Promise<void> {
  const open = (await claims.openOf(userId)).filter(mayBeWaiting);
  const inSlot = createWorkQueue({ atOnce: AT_ONCE });
  const waking = open.map((claim) => inSlot(() => runs.wake(claim, SIGNALS.userLeft)));
  const woken = await Promise.allSettled(waking);
  const failed = woken.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} claims were not told`);
}

/**
 * Wakes every open claim of the user that may be waiting. Each of them then reads the user's
 * record. The claims are found in MongoDB, as Temporal's visibility store lags behind. A claim that
 * is not woken stops at its next read of the record, or by reconciliation. Players are handled one
 * after another: a crowd's calls at once would slow Temporal until none ends in time.
 * @throws AggregateError of all failures, after every claim was tried; Error where too many players
 *   wait already
 */
export async function stopClaimsOf(deps: StopDeps, userId: string): Promise<void> {
  const queue =
    queues.get(deps.runs) ?? createWorkQueue({ atOnce: 1, waiting: MOST_WAITING, full: tooMany });
  queues.set(deps.runs, queue);
  await queue(() => wakeClaims(deps, userId));
}

const tooMany = (waiting: number) =>
  new Error(`${waiting} players wait already: their claims are left to reconciliation`);
