/** What a board is made of, and the PromQL that many panels share. */

/** One panel. */
export interface Panel {
  title: string;
  /** What to do when it moves; shown behind the panel's (i). */
  help: string;
  /** Grafana's name of the unit. */
  unit: 's' | 'ms' | 'reqps' | 'ops' | 'percentunit' | 'bytes' | 'short' | 'dateTimeFromNow';
  /** PromQL by legend. A legend may have labels: `{{provider}}`. */
  shows: Record<string, string>;
  /** One number instead of curves. */
  stat?: true;
  /** Curves on top of one another: parts of a whole. */
  stacked?: true;
}

/** One board. */
export interface Board {
  title: string;
  description: string;
  panels: Panel[];
}

/** The rate of a counter over what Grafana thinks right for the zoom. */
export const rate = (series: string) => `rate(${series}[$__rate_interval])`;

/** A quantile of a histogram, by labels. */
export const quantile = (q: number, histogram: string, by = '', matchers = '') =>
  `histogram_quantile(${q}, sum by (${by === '' ? 'le' : `le, ${by}`}) (${rate(`${histogram}_bucket${matchers}`)}))`;

/** Numbers read from the database are the same in each API process: one of them is enough. */
export const oneOf = (series: string, by: string) => `max by (${by}) (${series})`;
