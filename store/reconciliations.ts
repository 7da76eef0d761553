/** The results of reconciliation: one document a run, kept for a week, and totals. */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { type Mended, NOTHING_MENDED } from '../domain/claims/reconciliation.ts';

/** The result of one run. */
export interface Reconciliation extends Mended {
  startedAt: Date;
  endedAt: Date;
  /** What failed: claims that could not be handled, and parts of the run that threw. */
  failures: number;
  /** Buckets that did not add up, as `{eventId}/{rewardId}/{n}`. There must be none. */
  unbalanced: string[];
}

/** How long a run's result is kept, in seconds: a week. */
const KEPT_S = 7 * 86_400;

const schema = new Schema<Reconciliation>(
  {
    runsStarted: { type: Number, required: true },
    decisionsSent: { type: Number, required: true },
    claimsStopped: { type: Number, required: true },
    parkingsExpired: { type: Number, required: true },
    holdsFreed: { type: Number, required: true },
    startedAt: { type: Date, required: true },
    endedAt: { type: Date, required: true },
    failures: { type: Number, required: true },
    unbalanced: { type: [String], required: true },
  },
  { collection: 'reconciliations', versionKey: false, strict: 'throw' },
);
schema.index({ startedAt: -1 }, { name: 'newest' });
schema.index({ endedAt: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_S });

export type ReconciliationStore = ReturnType<typeof createReconciliationStore>;

/** The results, over `reconciliations` and `reconciliation_totals`. */
export function createReconciliationStore(connection: Connection) {
  const model = connection.model<Reconciliation>('Reconciliation', schema);
  const totals = connection.collection<Mended & { _id: string }>('reconciliation_totals');

  return {
    model,

    /** Keeps a run's result and adds it to the totals. */
    async add(run: Reconciliation): Promise<void> {
      const { startedAt: _s, endedAt: _e, failures: _f, unbalanced: _u, ...mended } = run;
      await model.insertOne(run);
      await totals.updateOne({ _id: 'all' }, { $inc: mended }, { upsert: true });
    },

    /** The last runs, newest first. @param limit how many at most */
    async latest(limit: number): Promise<Reconciliation[]> {
      return await model
        .find({}, { _id: 0 })
        .sort({ startedAt: -1 })
        .limit(limit)
        .lean<Reconciliation[]>();
    },

    /** Everything ever mended, by kind. */
    async totals(): Promise<Mended> {
      const all = await totals.findOne({ _id: 'all' }, { projection: { _id: 0 } });
      return { ...NOTHING_MENDED, ...all };
    },
  };
}
