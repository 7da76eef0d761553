import type { DayStart } from '../events/period.ts';

/** How values of a metric come together: counted, the highest, the latest, or days in a row. */
export type Aggregation = 'COUNT' | 'HIGHEST' | 'LATEST' | 'STREAK';

/**
 * What a leaf asks of a player's progress, in days that start as `DayStart` says. `from` null is all
 * time; `until`, exclusive, is the moment of judgement (+1 ms).
 */
export interface ProgressQuery extends DayStart {
  metric: string;
  key: string | null;
  aggregation: Aggregation;
  from: Date | null;
  until: Date;
}

/** One number for each query, in their order; 0 for nothing counted, null for a gauge never set. */
export interface ProgressReader {
  read(userId: string, queries: ProgressQuery[]): Promise<(number | null)[]>;
}
