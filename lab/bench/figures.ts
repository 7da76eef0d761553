/** What a part measured, and how it is shown: to people as tables, to programs as JSON. */
import { median } from './median.ts';

/** What one round of one side came to. */
export interface Sample {
  value: number;
  /** What it cost or how long it took, by name with its unit: `p95 ms`. */
  also?: Record<string, number>;
}

/** One side of a comparison over all rounds. */
export interface Row {
  name: string;
  unit: string;
  samples: Sample[];
}

/** What was to be reached, and what was. */
export interface Check {
  name: string;
  /** One a round. */
  values: number[];
  reach: string;
  isKept: boolean;
}

/** How far a value is to go. */
type Reach = { atLeast: number } | { atMost: number } | { exactly: number };

export interface Figures {
  rows: Row[];
  checks: Check[];
  /** Sentences that the numbers need beside them. */
  notes: string[];
}

/**
 * One side over another, round by round, as both ran side by side in each; kept if the median is.
 * @throws Error where a side is missing
 */
export function ratio(rows: Row[], ours: string, yardstick: string, reach: Reach): Check {
  const [top, bottom] = [ours, yardstick].map((name) => {
    const row = rows.find((r) => r.name === name);
    if (row === undefined) throw new Error(`nothing was measured as ${name}`);
    return row.samples.map(({ value }) => value);
  }) as [number[], number[]];
  const values = top.map((value, round) => value / (bottom[round] ?? Number.NaN));
  const name = `${ours} : ${yardstick}`;
  return { name, values, reach: words(reach), isKept: isReached(median(values), reach) };
}

/**
 * The same by what each cost besides instead of by the clock, so that a machine that had other work to
 * do misleads less: what half as much costs could be done twice as often. A sentence, not a promise.
 */
export function costRatio(rows: Row[], ours: string, yardstick: string, cost: string): string {
  const [mine, theirs] = [ours, yardstick].map((name) => {
    const samples = rows.find((r) => r.name === name)?.samples ?? [];
    return alsoOf(samples)[cost] ?? Number.NaN;
  }) as [number, number];
  return `By ${cost}: ${ours} : ${yardstick} ${shown(theirs / mine)}`;
}

/**
 * How every row stands to one of them, in a line each: its rate over that one's, what that one costs
 * over what it costs itself, and how long it takes over how long that one takes. Sentences, not promises.
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

/** A bound on each round by itself: the worst one counts. */
export function bound(name: string, values: number[], reach: Reach): Check {
  const isKept = values.every((value) => isReached(value, reach));
  return { name, values, reach: words(reach), isKept };
}

function isReached(value: number, reach: Reach): boolean {
  if ('atLeast' in reach) return value >= reach.atLeast;
  if ('atMost' in reach) return value <= reach.atMost;
  return value === reach.exactly;
}

function words(reach: Reach): string {
  if ('atLeast' in reach) return `≥ ${reach.atLeast}`;
  if ('atMost' in reach) return `≤ ${reach.atMost}`;
  return `= ${reach.exactly}`;
}

/** Tables for a terminal: each row's median and spread, what it cost, and what was to be reached. */
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
    ...besides(rows),
    '',
    ...table([['', 'median', 'spread', 'reach', ''], ...reached]),
    ...notes.map((note) => `  ${note}`),
  ];
}

/** What each row took and cost, a column for each thing that was looked at. */
function besides(rows: Row[]): string[] {
  const found = rows.map(({ name, samples }) => ({ name, also: alsoOf(samples) }));
  const columns = [...new Set(found.flatMap(({ also }) => Object.keys(also)))];
  if (columns.length === 0) return [];
  const lines = found.map(({ name, also }) => {
    return [name, ...columns.map((c) => (also[c] === undefined ? '' : shown(also[c])))];
  });
  return ['', ...table([['for one', ...columns], ...lines])];
}

/** The same for programs: every round's value is there too. */
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

/** The median of each value that came besides. */
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

/** Columns as wide as their widest cell; numbers stand to the right. */
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
