/** CPU time and memory of processes, from Linux's `/proc`. On other systems there are no values. */
import { readFileSync } from 'node:fs';

/** The unit of CPU time in `/proc`: `USER_HZ` is 100 on every architecture. */
const TICK_MS = 10;

/** Process IDs by the process's name. */
export type Pids = Record<string, number | undefined>;

/** A process in `/proc/{pid}/stat`. */
export interface Stat {
  parent: number;
  /** CPU time of all its threads since its start, in milliseconds. */
  ownMs: number;
  /** CPU time of its children that ended and were waited for, in milliseconds. */
  reapedMs: number;
}

/** Reads `/proc/{pid}/stat` (proc(5)). Undefined if there is no such process. */
export function statOf(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets, which may hold anything. Numbers follow.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (n: number) => Number(fields[n - 3]);
  return {
    parent: at(4),
    ownMs: (at(14) + at(15)) * TICK_MS,
    reapedMs: (at(16) + at(17)) * TICK_MS,
  };
}

/** A process's memory now and at its peak, in MiB: `VmRSS` and `VmHWM` of proc(5). */
export function memoryOf(pid: number): { rssMiB: number; peakMiB: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string) => Number(status?.match(`${name}:\\s+(\\d+) kB`)?.[1]) / 1024;
  return status === undefined ? undefined : { rssMiB: field('VmRSS'), peakMiB: field('VmHWM') };
}

/** Returns a function that returns the CPU time each process used since, in milliseconds. */
export function countCpu(pids: Pids): () => Record<string, number> {
  const before = spentBy(pids);
  return () => {
    const after = spentBy(pids);
    const names = Object.keys(after).filter((name) => name in before);
    return Object.fromEntries(names.map((n) => [n, (after[n] ?? 0) - (before[n] ?? 0)]));
  };
}

function spentBy(pids: Pids): Record<string, number> {
  const spent = Object.entries(pids).map(
    ([name, pid]) => [name, pid && statOf(pid)?.ownMs] as const,
  );
  return Object.fromEntries(spent.filter((entry): entry is [string, number] => !!entry[1]));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
