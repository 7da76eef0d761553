/** CPU time of processes and their children, from Linux's `/proc`. */
import { readdirSync } from 'node:fs';
import { type Stat, statOf } from '../process-usage.ts';

/**
 * CPU time of the processes and all their descendants so far, in milliseconds. Ended children count
 * too, as a server such as PostgreSQL has many.
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
    pids.map(Number).flatMap((pid): [number, Stat][] => {
      // A process may end between the listing and the reading.
      const stat = statOf(pid);
      return stat === undefined ? [] : [[pid, stat]];
    }),
  );
}
