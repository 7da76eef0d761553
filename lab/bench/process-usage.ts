/** CPU time and memory of processes, as Linux tells them; nothing on other systems. */
import { readFileSync } from 'node:fs';

/** Linux counts CPU time for programs in hundredths of a second, on every architecture (`USER_HZ`). */
const TICK_MS = 10;

/** Processes by the name they are shown under. */
export type Pids = Record<string, number | undefined>;

export interface Stat {
  parent: number;
  /** CPU time since its start, all its threads together, in milliseconds. */
  ownMs: number;
  /** The same of children that ended and were waited for. */
  reapedMs: number;
}

/** What Linux tells of a process (proc(5)); undefined where there is none. */
export function statOf(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets, and may hold anything; what follows is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (n: number) => Number(fields[n - 3]);
  return {
    parent: at(4),
    ownMs: (at(14) + at(15)) * TICK_MS,
    reapedMs: (at(16) + at(17)) * TICK_MS,
  };
}

/** Memory that a process has in RAM now and had at most, in MiB. proc(5), `VmRSS` and `VmHWM`. */
export function memoryOf(pid: number): { rssMiB: number; peakMiB: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string) => Number(status?.match(`${name}:\\s+(\\d+) kB`)?.[1]) / 1024;
  return status === undefined ? undefined : { rssMiB: field('VmRSS'), peakMiB: field('VmHWM') };
}

/** Begins to count; answers a function for what each process used since, in milliseconds. */
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
