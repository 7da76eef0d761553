/** Reconciliation's activities: each looks at everything of one kind and mends it. Safe to repeat. */
import { Context } from '@temporalio/activity';
import { type ClaimState, EARLY_STATES, parseGrantId } from '../domain/claim.ts';
import { type Mended, NOTHING_MENDED } from '../domain/reconciliation.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim, ClaimStore } from '../store/claims.ts';
import type { EntitlementStore } from '../store/entitlements.ts';
import type { OperationStore } from '../store/operations.ts';
import type { Reconciliation, ReconciliationStore } from '../store/reconciliations.ts';
import type { StockStore } from '../store/stock.ts';
import type { BulkRuns } from '../temporal/bulk-runs.ts';
import type { ClaimRuns } from '../temporal/runs.ts';
import { type ClaimSignal, SIGNALS } from '../workflows/contract.ts';
import { decideBatch } from './decide-batch.ts';

export interface UpkeepDeps {
  claims: ClaimStore;
  entitlements: EntitlementStore;
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

/**
 * How far before the last complete pass strays are looked for again, in milliseconds: a write that
 * came late comes within seconds of its claim's end, and a pass takes minutes at worst.
 */
const LATE_MS = 3_600_000;

/** The same for what was taken, which is looked at from the other side: whatever its claim's age. */
const TAKEN_MS = 600_000;

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
  await deps.claims.decide(SELF, claim._id, claim.parking.number, { action, note });
  await wake(deps, claim, SIGNALS.decided);
}

/**
 * Whether the claim may wait for long without looking at its player's record. Before S4 each step
 * reads it, so that a run is all such a claim needs: where thousands of leavers' claims are queued,
 * a signal to each in every pass would cost Temporal as much as stopping them.
 */
const mayWait = ({ fate, state }: Claim): boolean =>
  fate === null && !(EARLY_STATES as readonly ClaimState[]).includes(state);

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
  return (await deps.runs.ensure(claim)) ? 'runsStarted' : null;
}

async function freeHolds(deps: UpkeepDeps): Promise<number> {
  let freed = 0;
  for await (const holds of batches(deps.stock.holds(), BATCH)) {
    const claimIdOf = (holdId: string) => parseGrantId(holdId)?.claimId ?? '';
    const final = await deps.claims.finalAmong(holds.map((h) => claimIdOf(h.holdId)));
    for (const { holdId, quantity } of holds) {
      if (!final.has(claimIdOf(holdId))) continue;
      if (!(await deps.stock.release(holdId, quantity))) continue;
      deps.onMended('holdsFreed', holdId);
      freed += 1;
    }
  }
  return freed;
}

/** Gives back the entitlements of those claims that ended without keeping anything. */
async function giveBackOf(deps: UpkeepDeps, claimIds: string[]): Promise<number> {
  let freed = 0;
  // A player who kept something of the claim keeps its entitlement taken.
  const empty = await deps.claims.emptyAmong(claimIds);
  for (const claimId of await deps.entitlements.heldBy(empty)) {
    if (!(await deps.entitlements.giveBack(claimId))) continue;
    deps.onMended('entitlementsFreed', claimId);
    freed += 1;
  }
  return freed;
}

async function* undoneIds(deps: UpkeepDeps, since: Date): AsyncGenerator<string> {
  for await (const claim of deps.claims.undoneSince(since)) yield claim._id;
}

/** Looks from both sides since the last complete pass: claims that ended, entitlements that were taken. */
async function freeEntitlements(deps: UpkeepDeps): Promise<number> {
  const lastMs = (await deps.reconciliations.lastCompleteAt())?.getTime() ?? 0;
  const before = (ms: number) => new Date(Math.max(0, lastMs - ms));
  let freed = 0;
  const sides = [undoneIds(deps, before(LATE_MS)), deps.entitlements.takersSince(before(TAKEN_MS))];
  for (const ids of sides) {
    for await (const claimIds of batches(ids, BATCH)) freed += await giveBackOf(deps, claimIds);
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
      const { holdsFreed: _h, entitlementsFreed: _e, ...mended } = NOTHING_MENDED;
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

    /** Holds of final claims and entitlements of undone ones are given back: they came too late. */
    async freeStrays(): Promise<Pick<Mended, 'holdsFreed' | 'entitlementsFreed'>> {
      return { holdsFreed: await freeHolds(deps), entitlementsFreed: await freeEntitlements(deps) };
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
