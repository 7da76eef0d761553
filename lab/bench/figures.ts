/** The figures of a part, and their output: tables for people, JSON for programs. */
import { median } from './percentiles.ts';

/** The result of one round of one side. */
export interface Sample {
  value: number;
  /** Costs and times besides, by name with the unit, such as `p95 ms`. */
  also?: Record<string, number>;
}

/** One side of a comparison over all rounds. */
export interface Row {
  name: string;
  unit: string;
  samples: Sample[];
}

/** A goal, and what was reached. */
export interface Check {
  name: string;
  /** One value for each round. */
  values: number[];
  reach: string;
  isKept: boolean;
}

/** The goal for a value. */
export type Reach = { atLeast: number } | { atMost: number } | { exactly: number };

/** Everything a part measured. */
export interface Figures {
  rows: Row[];
  checks: Check[];
  /** Sentences that explain the numbers. */
  notes: string[];
}

/**
 * One side divided by another, round by round, as both ran in the same round. Kept if the median is.
 * @throws Error if a side was not measured
 */
export function ratio(rows: Row[], ours: string, yardstick: string, reach: Reach): Check {
  const [top, bottom] = [ours, yardstick].map((name) => {
    const row = rows.find((r) => r.name === name);
    if (row === undefined) throw new Error(`nothing was measured as ${name}`);
    return row.samples.map(({ value }) => value);
  }) as [number[], number[]];
  const values = top.map((value, round) => value / (bottom[round] ?? Number.NaN));
  const name = `${ours} : ${yardstick}`;
  return { name, values, reach: goalText(reach), isKept: isReached(median(values), reach) };
}

/**
 * The same ratio by a cost instead of the clock, as a sentence. A busy machine distorts it less: what
 * costs half as much could be done twice as often.
 */
export function costRatio(rows: Row[], ours: string, yardstick: string, cost: string): string {
  const [mine, theirs] = [ours, yardstick].map((name) => {
    const samples = rows.find((r) => r.name === name)?.samples ?? [];
    return alsoOf(samples)[cost] ?? Number.NaN;
  }) as [number, number];
  return `By ${cost}: ${ours} : ${yardstick} ${shown(theirs / mine)}`;
}

/**
 * Every row compared with one of them, one sentence each: its rate divided by that row's, that row's
 * costs divided by its own, and its times divided by that row's.
 */
export function besideLines(
  rows: Row[],
  yardstick: string,
  { costs, times }: { costs: string[]; times: string[] },
): string[] {
  const base = rows.find(({ name }) => name === yardstick)?.samples ?? [];
  const rateOf = (samples: Sample[]) => median(samples.map(({ value }) => value));
  const over = (top: number | undefined, bottom: number | undefined) =>
    shown((top ?? Number.NaN) / (bottom ?? Number.NaN));
  return rows
    .filter(({ name }) => name !== yardstick)
    .map(({ name, samples }) => {
      const [mine, theirs] = [alsoOf(samples), alsoOf(base)];
      const parts = [
        `rate ${over(rateOf(samples), rateOf(base))}`,
        ...costs.map((cost) => `by ${cost} ${over(theirs[cost], mine[cost])}`),
        ...times.map((time) => `${time} ${over(mine[time], theirs[time])}`),
      ];
      return `${name} : ${yardstick}: ${parts.join(', ')}`;
    });
}

/** A limit for every single round: the worst one counts. */
export function bound(name: string, values: number[], reach: Reach): Check {
  const isKept = values.every((value) => isReached(value, reach));
  return { name, values, reach: goalText(reach), isKept };
}

function isReached(value: number, reach: Reach): boolean {
  if ('atLeast' in reach) return value >= reach.atLeast;
  if ('atMost' in reach) return value <= reach.atMost;
  return value === reach.exactly;
}

function goalText(reach: Reach): string {
  if ('atLeast' in reach) return `≥ ${reach.atLeast}`;
  if ('atMost' in reach) return `≤ ${reach.atMost}`;
  return `= ${reach.exactly}`;
}

/** Tables for a terminal: each row's median and spread, its costs, and the goals. */
export function linesOf(part: string, { rows, checks, notes }: Figures): string[] {
  const rounds = rows[0]?.samples.length ?? checks[0]?.values.length ?? 0;
  const measured = rows.map(({ name, unit, samples }) => {
    const values = samples.map(({ value }) => value);
    return [name, shown(median(values)), spread(values), unit];
  });
  const reached = checks.map(({ name, values, reach, isKept }) => {
    return [name, shown(median(values)), spread(values), reach, isKept ? 'kept' : 'NOT KEPT'];
  });
  return [
    `${part}: ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, medians and spreads`,
    ...table([['', 'median', 'spread', ''], ...measured]),
    ...costTable(rows),
    '',
    ...table([['', 'median', 'spread', 'reach', ''], ...reached]),
    ...notes.map((note) => `  ${note}`),
  ];
}

/** The costs and times of each row, one column for each. */
function costTable(rows: Row[]): string[] {
  const found = rows.map(({ name, samples }) => ({ name, also: alsoOf(samples) }));
  const columns = [...new Set(found.flatMap(({ also }) => Object.keys(also)))];
  if (columns.length === 0) return [];
  const lines = found.map(({ name, also }) => {
    return [name, ...columns.map((c) => (also[c] === undefined ? '' : shown(also[c])))];
  });
  return ['', ...table([['for one', ...columns], ...lines])];
}

/** The same for programs, with the value of every round. */
export function jsonOf({ rows, checks, notes }: Figures): object {
  return {
    rows: rows.map(({ name, unit, samples }) => {
      const values = samples.map(({ value }) => rounded(value));
      return { name, unit, median: rounded(median(values)), values, also: alsoOf(samples) };
    }),
    checks: checks.map(({ name, values, reach, isKept }) => {
      return { name, median: rounded(median(values)), values: values.map(rounded), reach, isKept };
    }),
    notes,
  };
}

/** The median of each cost and time. */
function alsoOf(samples: Sample[]): Record<string, number> {
  const names = [...new Set(samples.flatMap(({ also = {} }) => Object.keys(also)))];
  return Object.fromEntries(
    names.map((name) => {
      const values = samples.flatMap(({ also }) => also?.[name] ?? []);
      return [name, rounded(median(values))];
    }),
  );
}

function spread(values: number[]): string {
  return `${shown(Math.min(...values))}–${shown(Math.max(...values))}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function shown(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)));
}

/** Columns as wide as their widest cell. Numbers are aligned to the right. */
function table(lines: string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, n) => Math.max(...lines.map((l) => l[n]?.length ?? 0)));
  const isNumber = widths.map((_, n) => lines.slice(1).every((l) => /^(\d.*)?$/.test(l[n] ?? '')));
  return lines.map((cells) => {
    const padded = cells.map((cell, n) => {
      const width = widths[n] ?? 0;
      return isNumber[n] ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  });
}
