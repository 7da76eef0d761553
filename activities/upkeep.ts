/** Reconciliation's activities: each looks at everything of one kind and mends it. Safe to repeat. */
import { Context } from '@temporalio/activity';
import { parseGrantId } from '../domain/claim.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim, ClaimStore } from '../store/claims.ts';
import type { EntitlementStore } from '../store/entitlements.ts';
import type { Mended, ReconciliationStore } from '../store/reconciliations.ts';
import type { StockStore } from '../store/stock.ts';
import type { ClaimRuns } from '../temporal/runs.ts';

export interface UpkeepDeps {
  claims: ClaimStore;
  entitlements: EntitlementStore;
  stock: StockStore;
  reconciliations: ReconciliationStore;
  runs: Pick<ClaimRuns, 'ensure' | 'wake'>;
  userStatus(userId: string): Promise<UserStatus | null>;
  /** Told of each thing mended. */
  onMended(kind: keyof Mended, id: string): void;
  now(): Date;
}

export type UpkeepActivities = ReturnType<typeof createUpkeepActivities>;

/** A claim that changed this recently is being worked on; it is not looked for. In milliseconds. */
const GRACE_MS = 5_000;

/** What came too late comes within seconds; an hour leaves room for passes that were missed. */
const LATE_MS = 3_600_000;

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

type Tending = 'runsStarted' | 'decisionsSent' | 'claimsStopped';

/** What an open claim needs, done; null where it is well. */
async function tend(deps: UpkeepDeps, claim: Claim): Promise<Tending | null> {
  if (claim.fate === null && (await deps.userStatus(claim.userId)) !== 'ACTIVE') {
    await deps.runs.wake(claim, 'userLeft');
    return 'claimsStopped';
  }
  if (claim.state === 'NEEDS_ATTENTION' && claim.parking?.decision) {
    await deps.runs.wake(claim, 'decided');
    return 'decisionsSent';
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

async function freeEntitlements(deps: UpkeepDeps): Promise<number> {
  let freed = 0;
  const since = new Date(deps.now().getTime() - LATE_MS);
  for await (const claims of batches(deps.claims.undoneSince(since), BATCH)) {
    // A player who kept something of the claim keeps its entitlement taken.
    const empty = claims.filter((c) => c.lines.every((line) => line.state !== 'GRANTED'));
    for (const claimId of await deps.entitlements.heldBy(empty.map((c) => c._id))) {
      if (!(await deps.entitlements.giveBack(claimId))) continue;
      deps.onMended('entitlementsFreed', claimId);
      freed += 1;
    }
  }
  return freed;
}

export function createUpkeepActivities(deps: UpkeepDeps) {
  return {
    /** Claims without a run get one, decisions that did not arrive are sent, leavers' claims stopped. */
    async tendOpenClaims(): Promise<Pick<Mended, Tending>> {
      const mended = { runsStarted: 0, decisionsSent: 0, claimsStopped: 0 };
      const isQuiet = (c: Claim) => deps.now().getTime() - c.updatedAt.getTime() >= GRACE_MS;
      for await (const batch of batches(deps.claims.openClaims(), AT_ONCE)) {
        const tended = batch.filter(isQuiet).map(async (claim) => {
          const kind = await tend(deps, claim);
          if (kind === null) return;
          deps.onMended(kind, claim._id);
          mended[kind] += 1;
        });
        await Promise.all(tended);
      }
      return mended;
    },

    /** Holds of final claims and entitlements of undone ones are given back: they came too late. */
    async freeStrays(): Promise<Pick<Mended, 'holdsFreed' | 'entitlementsFreed'>> {
      return { holdsFreed: await freeHolds(deps), entitlementsFreed: await freeEntitlements(deps) };
    },

    /** The buckets whose books do not add up. */
    async checkBooks(): Promise<{ unbalanced: string[] }> {
      return { unbalanced: (await deps.stock.unbalanced()).map((b) => String(b._id)) };
    },

    async report(run: Mended & { startedAt: string; unbalanced: string[] }): Promise<void> {
      const startedAt = new Date(run.startedAt);
      await deps.reconciliations.add({ ...run, startedAt, endedAt: deps.now() });
    },
  };
}
