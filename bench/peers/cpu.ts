/** CPU time of processes, from Linux's `/proc`. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux gives times in ticks of a hundredth of a second, whatever the kernel's own rate (proc(5)). */
const MS_PER_TICK = 10;

interface Stat {
  parent: number;
  ownMs: number;
  /** Of children that ended and were waited for. */
  reapedMs: number;
}

/**
 * CPU time that the processes and all below them have used so far, in milliseconds. A server such as
 * PostgreSQL is a family: what its ended children used counts too.
 */
export function cpuMsOf(roots: readonly number[]): number {
  const stats = allStats();
  const isBelow = (pid: number): boolean => {
    if (roots.includes(pid)) return true;
    const parent = stats.get(pid)?.parent ?? 0;
    return parent > 1 && isBelow(parent);
  };
  return [...stats]
    .filter(([pid]) => isBelow(pid))
    .reduce((sum, [, { ownMs, reapedMs }]) => sum + ownMs + reapedMs, 0);
}

function allStats(): Map<number, Stat> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.flatMap((pid): [number, Stat][] => {
      const stat = statOf(pid);
      return stat === undefined ? [] : [[Number(pid), stat]];
    }),
  );
}

function statOf(pid: string): Stat | undefined {
  try {
    // The name in brackets may hold anything; what follows the last bracket is numbers.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (n: number) => Number(fields[n - 3]);
    return {
      parent: at(4),
      ownMs: (at(14) + at(15)) * MS_PER_TICK,
      reapedMs: (at(16) + at(17)) * MS_PER_TICK,
    };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
}
