/** What a condition asks about a player's progress. */
import type { DayStart } from '../events/period.ts';
import type { Gauge } from './metrics.ts';

/**
 * How the values of a metric become one number: their sum, the highest, the latest, or days in a
 * row.
 */
export type Aggregation = 'COUNT' | Gauge | 'STREAK';

/**
 * A leaf's question about a player's progress. Days start as `DayStart` says. `from` is inclusive,
 * and null for all time. `until` is exclusive: the play moment plus one millisecond.
 */
export interface ProgressQuery extends DayStart {
  metric: string;
  key: string | null;
  aggregation: Aggregation;
  from: Date | null;
  until: Date;
}

/**
 * Answers each query with one number, in their order. 0: nothing was counted. Null: a gauge never
 * set.
 */
export interface ProgressReader {
  read(userId: string, queries: ProgressQuery[]): Promise<(number | null)[]>;
}
