/** Everything that is known at the end of a chaos run, from every side, for the checks and for a person. */
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
  /** What the players were told. */
  stories: Story[];
  claims: Claim[];
  events: SetEvent[];
  buckets: StockBucket[];
  /** What players are shown as granted. */
  shown: ShownGrant[];
  ledger: LedgerGrant[];
  /** IDs of workflows of claims that still run. */
  runsLeft: string[];
  /** Buckets whose books were seen not to add up while the run lasted. */
  unbalanced: string[];
  /** Whether two passes of reconciliation came after the healing and left nothing undone. */
  isReconciled: boolean;
  /** Answers of 500. */
  internalErrors: string[];
  /** What is wrong with the audit log's chain; null where it is whole. */
  auditBroken: string | null;
}

/** Reads what MongoDB knows. */
export async function readBooks(
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
