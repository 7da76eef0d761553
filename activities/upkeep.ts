/** Reconciliation's activities: each looks at everything of one kind and mends it. Safe to repeat. */
import { Context } from '@temporalio/activity';
import { isEarly, parseGrantId } from '../domain/claims/claim.ts';
import { type Mended, NOTHING_MENDED } from '../domain/claims/reconciliation.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimStore } from '../store/claims/claims.ts';
import type { OperationStore } from '../store/operations.ts';
import type { Reconciliation, ReconciliationStore } from '../store/reconciliations.ts';
import type { Hold, StockStore } from '../store/stock/stock.ts';
import type { BulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { type ClaimSignal, SIGNALS } from '../workflows/contract.ts';
import { decideBatch } from './decide-batch.ts';

export interface UpkeepDeps {
  claims: ClaimStore;
  stock: StockStore;
  reconciliations: ReconciliationStore;
  operations: OperationStore;
  runs: Pick<ClaimRuns, 'ensure' | 'wake'>;
  bulkRuns: BulkRuns;
  userStatus(userId: string): Promise<UserStatus | null>;
  /** Told of each thing mended. */
  onMended(kind: keyof Mended, id: string): void;
  /** Told of each claim that could not be tended. */
  onFailure(claimId: string, error: unknown): void;
  now(): Date;
}

/** What a pass did, as its workflow tells it. */
export type PassReport = Omit<Reconciliation, 'startedAt' | 'endedAt'> & { startedAt: string };

export type UpkeepActivities = ReturnType<typeof createUpkeepActivities>;

/** A claim that changed this recently is being worked on; it is not looked for. In milliseconds. */
const GRACE_MS = 5_000;

/** Claims looked at side by side: each costs one call to Temporal. */
const AT_ONCE = 16;

const BATCH = 500;

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
    Context.current().heartbeat();
  }
  if (batch.length > 0) yield batch;
}

type Tending = 'runsStarted' | 'decisionsSent' | 'claimsStopped' | 'parkingsExpired';

/** Signals the claim; a run that ended though its claim is open is followed by a new one. */
async function wake(deps: UpkeepDeps, claim: Claim, signal: ClaimSignal): Promise<boolean> {
  if (await deps.runs.wake(claim, signal)) return true;
  return !(await deps.runs.ensure(claim));
}

/** Reconciliation decides in its own name. */
const SELF = { actor: { userId: 'reconciliation', role: 'ADMIN' }, requestId: 'schedule' } as const;

/** Whether the event's policy for claims nobody touches is due. */
function isExpired({ parking, snapshot }: Claim, now: Date): boolean {
  const { action, hours } = snapshot.parkedAfter;
  if (!parking || parking.decision || action === 'WAIT') return false;
  return now.getTime() - parking.at.getTime() >= hours * 3_600_000;
}

/** Decides on an expired parking as the event says. */
async function expire(deps: UpkeepDeps, claim: Claim): Promise<void> {
  const { action } = claim.snapshot.parkedAfter;
  if (action === 'WAIT' || !claim.parking) return;
  const note = 'Nobody decided in the time that the event gives.';
  await deps.claims.decide(SELF, claim, claim.parking.number, { action, note });
  await wake(deps, claim, SIGNALS.decided);
}

/**
 * Whether the claim may wait for long without looking at its player's record. Before S4 each step
 * reads it, so that a run is all such a claim needs: where thousands of leavers' claims are queued,
 * a signal to each in every pass would cost Temporal as much as stopping them.
 */
const mayWait = (claim: Claim): boolean => claim.fate === null && !isEarly(claim);

/** What an open claim needs, done; null where it is well. */
async function tend(deps: UpkeepDeps, claim: Claim): Promise<Tending | null> {
  if (mayWait(claim) && (await deps.userStatus(claim.userId)) !== 'ACTIVE') {
    return (await wake(deps, claim, SIGNALS.userLeft)) ? 'claimsStopped' : 'runsStarted';
  }
  if (claim.state === 'NEEDS_ATTENTION') {
    if (isExpired(claim, deps.now())) {
      await expire(deps, claim);
      return 'parkingsExpired';
    }
    if (claim.parking?.decision) {
      return (await wake(deps, claim, SIGNALS.decided)) ? 'decisionsSent' : 'runsStarted';
    }
  }
  // Until then the request that recorded it may still reject it.
  if (!(await deps.claims.mayBeStarted(claim))) return null;
  return (await deps.runs.ensure(claim)) ? 'runsStarted' : null;
}

/** Gives back what lies of claims that are final: it came too late. */
async function freeHolds(deps: UpkeepDeps): Promise<number> {
  let freed = 0;
  const claimIdOf = ({ holdId }: Hold) => parseGrantId(holdId)?.claimId ?? '';
  for await (const holds of batches(deps.stock.holds(), BATCH)) {
    const final = await deps.claims.finalAmong(holds.map(claimIdOf));
    for (const hold of holds) {
      if (!final.has(claimIdOf(hold)) || !(await deps.stock.release(hold))) continue;
      deps.onMended('holdsFreed', hold.holdId);
      freed += 1;
    }
  }
  return freed;
}

export function createUpkeepActivities(deps: UpkeepDeps) {
  return {
    /**
     * Claims without a run get one, decisions that did not arrive are sent, leavers' claims stopped,
     * expired parkings decided. A claim that cannot be tended now does not keep others from it.
     */
    async tendOpenClaims(): Promise<Pick<Mended, Tending> & { failures: number }> {
      const { holdsFreed: _, ...mended } = NOTHING_MENDED;
      let failures = 0;
      const isQuiet = (c: Claim) => deps.now().getTime() - c.updatedAt.getTime() >= GRACE_MS;
      const look = async (claim: Claim): Promise<void> => {
        try {
          const kind = await tend(deps, claim);
          if (kind === null) return;
          deps.onMended(kind, claim._id);
          mended[kind] += 1;
        } catch (error) {
          deps.onFailure(claim._id, error);
          failures += 1;
        }
      };
      for await (const batch of batches(deps.claims.openClaims(), AT_ONCE)) {
        await Promise.all(batch.filter(isQuiet).map(look));
      }
      return { ...mended, failures };
    },

    /** The next batch of a bulk action; false where it is at its end. */
    decideBatch: (operationId: string) => decideBatch(deps, operationId),

    /** Bulk actions that are not done get a run where they have none. */
    async tendOperations(): Promise<object> {
      for (const { _id } of await deps.operations.running()) await deps.bulkRuns.start(_id);
      return {};
    },

    /** Holds of final claims are given back: they came too late. */
    async freeStrays(): Promise<Pick<Mended, 'holdsFreed'>> {
      return { holdsFreed: await freeHolds(deps) };
    },

    /** The buckets whose books do not add up. */
    async checkBooks(): Promise<{ unbalanced: string[] }> {
      return { unbalanced: (await deps.stock.unbalanced()).map((b) => String(b._id)) };
    },

    async report(run: PassReport): Promise<void> {
      const startedAt = new Date(run.startedAt);
      await deps.reconciliations.add({ ...run, startedAt, endedAt: deps.now() });
    },
  };
}
