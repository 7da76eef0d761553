/** Everything known at the end of a chaos run, from every system, for the checks and for a person. */
import type { Connection } from 'mongoose';
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { Store } from '../../store/index.ts';
import type { StockBucket } from '../../store/stock/stock.ts';
import type { Story } from './players.ts';
import type { ShownGrant } from './staff.ts';

/** An event as the operators last set it. */
export interface SetEvent {
  eventId: string;
  claimsPerPeriod: number;
  claimsTotal: number | null;
  exclusiveGroup: string | null;
  rewards: { rewardId: string; stock: number | null }[];
}

export interface Facts {
  /** What the players were answered. */
  stories: Story[];
  claims: Claim[];
  events: SetEvent[];
  buckets: StockBucket[];
  /** What players are shown as granted. */
  shown: ShownGrant[];
  ledger: LedgerGrant[];
  /** IDs of claims' workflows that still run. */
  runsLeft: string[];
  /** Stock buckets that did not add up at some moment of the run. */
  unbalanced: string[];
  /** Whether two passes of reconciliation without failures came after the healing. */
  isReconciled: boolean;
  /** Answers with status 500. */
  internalErrors: string[];
  /** What is wrong with the audit log's chain. Null if it is whole. */
  auditBroken: string | null;
}

/** Reads the facts that are in MongoDB. */
export async function readCollections(
  database: Connection,
  store: Store,
): Promise<Pick<Facts, 'claims' | 'events' | 'buckets' | 'auditBroken'>> {
  const all = async <T extends object>(name: string) =>
    (await database.collection(name).find().toArray()) as unknown as T[];
  const claims = await all<Claim>('claims');
  const buckets = await all<StockBucket>('stock_buckets');
  const eventIds = [...new Set([...claims, ...buckets].map(({ eventId }) => eventId))];
  const events = await Promise.all(eventIds.map((eventId) => store.events.get(eventId)));
  const audit = await store.auditLog.verify();
  return {
    claims,
    events: events.flatMap((event) => (event ? [event] : [])),
    buckets,
    auditBroken: audit.isWhole ? null : audit.why,
  };
}
