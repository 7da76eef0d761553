/**
 * Reconciliation's activities. Each checks everything of one kind and repairs it. Safe to repeat.
 */
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
  /** Called for each thing that was repaired. */
  onMended(kind: keyof Mended, id: string): void;
  /** Called for each claim that could not be checked. */
  onFailure(claimId: string, error: unknown): void;
  now(): Date;
}

/** What a pass of reconciliation did. Times are ISO 8601, as Temporal carries no dates. */
export type PassReport = Omit<Reconciliation, 'startedAt' | 'endedAt'> & { startedAt: string };

export type UpkeepActivities = ReturnType<typeof createUpkeepActivities>;

/** A claim that changed less than this ago, in milliseconds, is at work and is not checked. */
const GRACE_MS = 5_000;

/** Claims checked at once. Each costs a call to Temporal, which claims of players need too. */
const CLAIMS_AT_ONCE = 16;

/** Holds checked with one query for their claims. */
const HOLDS_AT_ONCE = 500;

const HOUR_MS = 3_600_000;

/** The items in lists of that size. Sends a heartbeat after each list. */
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

/** What can be done for an open claim. */
type ClaimRepair = Exclude<keyof Mended, 'holdsFreed'>;

/** Signals the claim's run. False if the run had ended, so that a new one was started. */
async function wake(deps: UpkeepDeps, claim: Claim, signal: ClaimSignal): Promise<boolean> {
  if (await deps.runs.wake(claim, signal)) return true;
  return !(await deps.runs.ensure(claim));
}

/** Who decides, in the audit log. */
const SELF = { actor: { userId: 'reconciliation', role: 'ADMIN' }, requestId: 'schedule' } as const;

/** Whether a parking has lasted so long without a decision that the event's policy decides. */
function isExpired({ parking, snapshot }: Claim, now: Date): boolean {
  const { action, hours } = snapshot.parkedAfter;
  if (!parking || parking.decision || action === 'WAIT') return false;
  return now.getTime() - parking.at.getTime() >= hours * HOUR_MS;
}

/** Decides on an expired parking by the event's policy. */
async function expire(deps: UpkeepDeps, claim: Claim): Promise<void> {
  const { action } = claim.snapshot.parkedAfter;
  if (action === 'WAIT' || !claim.parking) return;
  const note = 'Nobody decided in the time that the event gives.';
  await deps.claims.decide(SELF, claim, claim.parking.number, { action, note });
  await wake(deps, claim, SIGNALS.decided);
}

/**
 * Whether the claim may wait for long without reading its player's status. Before S4 every step
 * reads it, so such a claim needs a run and no signal. That matters when thousands of players left:
 * a signal to each queued claim in every pass would cost Temporal as much as stopping them.
 */
const mayWaitForLong = (claim: Claim): boolean => claim.fate === null && !isEarly(claim);

/** Does for an open claim what it needs. @returns what was done; null if it needs nothing */
async function repairClaim(deps: UpkeepDeps, claim: Claim): Promise<ClaimRepair | null> {
  if (mayWaitForLong(claim) && (await deps.userStatus(claim.userId)) !== 'ACTIVE') {
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
  // Before that time, the request that recorded the claim may still reject it.
  if (!(await deps.claims.mayBeStarted(claim))) return null;
  return (await deps.runs.ensure(claim)) ? 'runsStarted' : null;
}

/** Gives back holds of final claims, which were written too late. @returns how many */
async function freeHolds(deps: UpkeepDeps): Promise<number> {
  let freed = 0;
  const claimIdOf = ({ holdId }: Hold) => parseGrantId(holdId)?.claimId ?? '';
  for await (const holds of batches(deps.stock.holds(), HOLDS_AT_ONCE)) {
    const final = await deps.claims.finalAmong(holds.map(claimIdOf));
    for (const hold of holds) {
      if (!final.has(claimIdOf(hold)) || !(await deps.stock.release(hold))) continue;
      deps.onMended('holdsFreed', hold.holdId);
      freed += 1;
    }
  }
  return freed;
}

/**
 * Binds reconciliation's activities to what they depend on. The keys are their names in Temporal.
 */
export function createUpkeepActivities(deps: UpkeepDeps) {
  return {
    /**
     * Checks all open claims: starts missing runs, sends lost decisions, stops claims of players
     * who left, decides on expired parkings. A claim that fails is counted, and the others are
     * checked.
     */
    async tendOpenClaims(): Promise<Pick<Mended, ClaimRepair> & { failures: number }> {
      const { holdsFreed: _, ...mended } = NOTHING_MENDED;
      let failures = 0;
      const isQuiet = (c: Claim) => deps.now().getTime() - c.updatedAt.getTime() >= GRACE_MS;
      const check = async (claim: Claim): Promise<void> => {
        try {
          const kind = await repairClaim(deps, claim);
          if (kind === null) return;
          deps.onMended(kind, claim._id);
          mended[kind] += 1;
        } catch (error) {
          deps.onFailure(claim._id, error);
          failures += 1;
        }
      };
      for await (const batch of batches(deps.claims.openClaims(), CLAIMS_AT_ONCE)) {
        await Promise.all(batch.filter(isQuiet).map(check));
      }
      return { ...mended, failures };
    },

    /** Decides on the next batch of a bulk action. False if the action has ended. */
    decideBatch: (operationId: string) => decideBatch(deps, operationId),

    /** Starts a run for each bulk action that is not done and has none. */
    async tendOperations(): Promise<object> {
      for (const { _id } of await deps.operations.running()) await deps.bulkRuns.start(_id);
      return {};
    },

    /** Gives back the holds of final claims. */
    async freeStrays(): Promise<Pick<Mended, 'holdsFreed'>> {
      return { holdsFreed: await freeHolds(deps) };
    },

    /** The buckets whose stock levels do not add up. */
    async checkBooks(): Promise<{ unbalanced: string[] }> {
      return { unbalanced: (await deps.stock.unbalanced()).map((b) => String(b._id)) };
    },

    /** Records what the pass did. */
    async report(run: PassReport): Promise<void> {
      const startedAt = new Date(run.startedAt);
      await deps.reconciliations.add({ ...run, startedAt, endedAt: deps.now() });
    },
  };
}
