/** Whether memory, handles and latency stayed flat in a soak: the last third against the first. */

export interface ProcessMinute {
  rssMiB: number;
  /** Open file descriptors: sockets, files, pipes. */
  handles: number;
}

export interface Minute {
  /** Claims answered in this minute. */
  claims: number;
  p50Ms: number;
  p99Ms: number;
  /** Each process at the minute's end, by name. Processes that were down are left out. */
  processes: Record<string, ProcessMinute>;
}

/** How far the last third may be above the first: a share of it, plus a constant. */
interface Tolerance {
  share: number;
  besides: number;
}

/** In MiB, handles and milliseconds, wide enough for what varies in a flat soak. */
const TOLERANCES = {
  /** Memory before the next garbage collection is not a leak. */
  rssMiB: { share: 0.15, besides: 30 },
  handles: { share: 0.1, besides: 20 },
  p50Ms: { share: 0.5, besides: 25 },
  p99Ms: { share: 1, besides: 250 },
} as const satisfies Record<string, Tolerance>;
type Measure = keyof typeof TOLERANCES;

/** Only our processes must stay flat. MongoDB and Temporal fill their caches first. */
const OURS = /^(api|worker)/;

export interface Finding {
  what: string;
  first: number;
  last: number;
  most: number;
  isFlat: boolean;
}

/**
 * Compares the mean of each measure over the first and the last third. Of four minutes or more the
 * first is left out, as code is compiled in it.
 * @throws RangeError for fewer than two minutes: there is nothing to compare
 */
export function flatness(all: readonly Minute[]): Finding[] {
  const minutes = all.length >= 4 ? all.slice(1) : all;
  if (minutes.length < 2) throw new RangeError('a soak of one minute has no thirds');
  const third = Math.max(1, Math.floor(minutes.length / 3));
  const [first, last] = [minutes.slice(0, third), minutes.slice(-third)];
  const names = [...new Set(minutes.flatMap(({ processes }) => Object.keys(processes)))];
  const compare = (what: string, measure: Measure, of: (minute: Minute) => number | undefined) =>
    finding(what, measure, meanOf(first, of), meanOf(last, of));
  return [
    compare('p50 ms', 'p50Ms', ({ p50Ms }) => p50Ms),
    compare('p99 ms', 'p99Ms', ({ p99Ms }) => p99Ms),
    ...names
      .filter((name) => OURS.test(name))
      .flatMap((name) => [
        compare(`${name} MiB`, 'rssMiB', ({ processes }) => processes[name]?.rssMiB),
        compare(`${name} handles`, 'handles', ({ processes }) => processes[name]?.handles),
      ]),
  ];
}

function finding(what: string, measure: Measure, first: number, last: number): Finding {
  const { share, besides } = TOLERANCES[measure];
  const most = first * (1 + share) + besides;
  // NaN, where there is nothing to compare, is not flat.
  return { what, first, last, most, isFlat: last <= most };
}

function meanOf(minutes: readonly Minute[], of: (minute: Minute) => number | undefined): number {
  const values = minutes.map(of).filter((value) => value !== undefined);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
