/**
 * Reconciliation's activities, and the one of bulk actions. Each check repairs everything of one
 * kind. All are safe to repeat.
 */
import { Context } from '@temporalio/activity';
import { isEarly, parseGrantId } from '../domain/claims/claim.ts';
import { type Mended, NOTHING_MENDED } from '../domain/claims/reconciliation.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import type { BulkAction, Operation, OperationStore, Parked } from '../store/operations.ts';
import type { Reconciliation, ReconciliationStore } from '../store/reconciliations.ts';
import type { Hold } from '../store/stock/stock.ts';
import type { BulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { type ClaimSignal, SIGNALS } from '../workflows/contract.ts';
import type { ActivityDeps } from './deps.ts';
import { type EraseDeps, eraseNow } from './erase.ts';

export interface UpkeepDeps extends Pick<ActivityDeps, 'claims' | 'stock' | 'userStatus' | 'now'> {
  personalData: EraseDeps['personalData'];
  /** After how many days a final claim is made small; never if undefined. */
  claimsRetentionDays: number | undefined;
  reconciliations: ReconciliationStore;
  operations: OperationStore;
  runs: Pick<ClaimRuns, 'ensure' | 'wake'>;
  bulkRuns: BulkRuns;
  /** Called for each thing that was repaired. */
  onMended(kind: keyof Mended, id: string): void;
  /** Called for each claim that could not be checked. */
  onFailure(claimId: string, error: unknown): void;
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

/** Claims made small with one write, and in one pass: these take some ten seconds. */
const SLIM_AT_ONCE = 500;
const SLIM_IN_A_PASS = 20_000;

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

/**
 * Decides on a parking by the event's policy, if it has lasted so long without a decision.
 * @returns whether it has
 */
async function expireParking(deps: UpkeepDeps, claim: Claim): Promise<boolean> {
  const { parking, snapshot } = claim;
  const { action, hours } = snapshot.parkedAfter;
  if (!parking || parking.decision || action === 'WAIT') return false;
  if (deps.now().getTime() - parking.at.getTime() < hours * HOUR_MS) return false;
  const note = 'Nobody decided in the time that the event gives.';
  await deps.claims.decide(SELF, claim, parking.number, { action, note });
  await wake(deps, claim, SIGNALS.decided);
  return true;
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
    if (await expireParking(deps, claim)) return 'parkingsExpired';
    if (claim.parking?.decision) {
      return (await wake(deps, claim, SIGNALS.decided)) ? 'decisionsSent' : 'runsStarted';
    }
  }
  // Before that time, the request that recorded the claim may still reject it.
  if (!(await deps.claims.mayBeStarted(claim))) return null;
  return (await deps.runs.ensure(claim)) ? 'runsStarted' : null;
}

/** Claims in one batch of a bulk action: few enough that a stopped operation ends soon. */
const BATCH = 50;

/**
 * Decides on one claim of a bulk action as an admin would do it, and counts it in the same
 * transaction. A claim that is decided already
 * counts as done if the decision was the same, whoever made it.
 * @returns false if it was not counted: it was counted before, or the operation was stopped
 */
async function decideOn(
  { claims, operations, runs }: UpkeepDeps,
  { _id, action, note, actor, requestId }: BulkAction,
  { claimId, userId, number }: Parked,
): Promise<boolean> {
  const staff = { actor, requestId };
  const of = { _id: claimId, userId };
  const decided = await claims.decide(staff, of, number, { action, note }, (session) =>
    operations.count(_id, claimId, 'done', session),
  );
  const claim = decided ?? (await claims.get(claimId, userId));
  const isDone = claim !== null && wasDecided(claim, number, action);
  const isCounted =
    decided !== null || (await operations.count(_id, claimId, isDone ? 'done' : 'failed'));
  // Also for a claim that an earlier attempt counted. If the signal is lost, reconciliation sends
  // it.
  if (isDone && claim.state === 'NEEDS_ATTENTION') {
    await runs.wake(claim, SIGNALS.decided).catch(() => {});
  }
  return isCounted;
}

/**
 * Whether that parking was decided in this way. A later parking shows that the earlier one was
 * retried.
 */
function wasDecided({ parking }: Claim, number: number, action: BulkAction['action']): boolean {
  if (!parking) return false;
  return parking.number === number ? parking.decision?.action === action : action === 'RETRY';
}

/** Whether the operation decides on claims. The other ones erase a user. */
const isBulkAction = (operation: Operation): operation is BulkAction =>
  operation.action !== 'ERASE';

/**
 * Decides on the next batch, or goes on with an erasure. Safe to repeat. False if the operation has ended
 * or was stopped, or if reconciliation is to go on with it.
 */
async function decideBatch(deps: UpkeepDeps, operationId: string): Promise<boolean> {
  const { operations } = deps;
  const running = async () => {
    const known = await operations.get(operationId);
    return known?.state === 'RUNNING' ? known : null;
  };
  const known = await running();
  if (!known) return false;
  if (!isBulkAction(known)) return await eraseNow(deps, known);
  const operation = await operations.takeBatch(known, BATCH);
  if (operation.batch.length === 0) {
    await operations.finish(operation);
    return false;
  }
  for (const parked of operation.batch) {
    if (!(await decideOn(deps, operation, parked)) && !(await running())) return false;
    Context.current().heartbeat();
  }
  await operations.endBatch(operation);
  return true;
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

    /** Decides on the next batch of an operation. False if it has ended, see `decideBatch`. */
    decideBatch: decideBatch.bind(null, deps),

    /** Starts a run for each bulk action that is not done and has none. */
    async tendOperations(): Promise<object> {
      for (const { _id } of await deps.operations.running()) await deps.bulkRuns.start(_id);
      return {};
    },

    /** Gives back holds of final claims, which were written too late. */
    async freeStrays(): Promise<Pick<Mended, 'holdsFreed'>> {
      let holdsFreed = 0;
      const claimIdOf = ({ holdId }: Hold) => parseGrantId(holdId)?.claimId ?? '';
      for await (const holds of batches(deps.stock.holds(), HOLDS_AT_ONCE)) {
        const final = await deps.claims.finalAmong(holds.map(claimIdOf));
        for (const hold of holds) {
          if (!final.has(claimIdOf(hold)) || !(await deps.stock.release(hold))) continue;
          deps.onMended('holdsFreed', hold.holdId);
          holdsFreed += 1;
        }
      }
      return { holdsFreed };
    },

    /** Makes claims small that ended longer ago than they are to be kept whole. */
    async slimClaims(): Promise<object> {
      const { claims, claimsRetentionDays: days } = deps;
      if (days === undefined) return {};
      const before = new Date(deps.now().getTime() - days * 24 * HOUR_MS);
      for (let slimmed = 0; slimmed < SLIM_IN_A_PASS; slimmed += SLIM_AT_ONCE) {
        if ((await claims.slimEndedBefore(before, SLIM_AT_ONCE)) < SLIM_AT_ONCE) break;
        Context.current().heartbeat();
      }
      return {};
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
