/** What reconciliation did: one document a run for a week, and running totals for the metric. */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';

/** What one pass mended, by kind. */
export interface Mended {
  /** Claims without a run, for which one was started. */
  runsStarted: number;
  /** Decisions on parked claims that had not arrived. */
  decisionsSent: number;
  /** Claims of players who left, told to stop. */
  claimsStopped: number;
  /** Holds of final claims given back. */
  holdsFreed: number;
  /** Entitlements of undone claims given back. */
  entitlementsFreed: number;
}

export interface Reconciliation extends Mended {
  startedAt: Date;
  endedAt: Date;
  /** Buckets whose books did not add up, `{eventId}/{rewardId}/{n}`. There must be none. */
  unbalanced: string[];
}

const KEPT_S = 7 * 86_400;

const counters = {
  runsStarted: { type: Number, required: true },
  decisionsSent: { type: Number, required: true },
  claimsStopped: { type: Number, required: true },
  holdsFreed: { type: Number, required: true },
  entitlementsFreed: { type: Number, required: true },
};

const schema = new Schema<Reconciliation>(
  {
    ...counters,
    startedAt: { type: Date, required: true },
    endedAt: { type: Date, required: true },
    unbalanced: { type: [String], required: true },
  },
  { collection: 'reconciliations', versionKey: false, strict: 'throw' },
);
schema.index({ startedAt: -1 }, { name: 'newest' });
schema.index({ endedAt: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_S });

const totalsSchema = new Schema<Mended & { _id: string }>(
  { _id: String, ...counters },
  { collection: 'reconciliation_totals', versionKey: false, strict: 'throw' },
);

export type ReconciliationStore = ReturnType<typeof createReconciliationStore>;

export function createReconciliationStore(connection: Connection) {
  const model = connection.model<Reconciliation>('Reconciliation', schema);
  const totals = connection.model<Mended & { _id: string }>('ReconciliationTotals', totalsSchema);

  return {
    model,

    /** Keeps what a pass did and adds it to the totals. */
    async add(run: Reconciliation): Promise<void> {
      const { startedAt: _s, endedAt: _e, unbalanced: _u, ...mended } = run;
      await model.insertOne(run);
      await totals.updateOne({ _id: 'all' }, { $inc: mended }, { upsert: true });
    },

    /** The last passes, the newest first. */
    async latest(limit: number): Promise<Reconciliation[]> {
      return await model
        .find({}, { _id: 0 })
        .sort({ startedAt: -1 })
        .limit(limit)
        .lean<Reconciliation[]>();
    },

    /** Everything ever mended, by kind. */
    async totals(): Promise<Mended> {
      const all = await totals.findOne({ _id: 'all' }, { _id: 0 }).lean<Mended>();
      const none = { runsStarted: 0, decisionsSent: 0, claimsStopped: 0 };
      return { ...none, holdsFreed: 0, entitlementsFreed: 0, ...all };
    },
  };
}
