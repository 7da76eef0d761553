/** Looks at the books while everything breaks: they must add up at every moment, not only at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../store/index.ts';
import { isOfDatabase } from '../../store/mongodb/connection.ts';

const EVERY_MS = 1_000;

interface Watch {
  /** Buckets that were seen not to add up. */
  stop(): Promise<string[]>;
}

/** @param onLook told after each look: how many claims are open, and how many of them parked */
export function watchBooks(
  { claims, stock }: Pick<Store, 'claims' | 'stock'>,
  onLook: (open: number, parked: number) => void,
): Watch {
  const stopped = new AbortController();
  const seen = new Set<string>();

  async function look(): Promise<void> {
    for (const { _id } of await stock.unbalanced()) seen.add(String(_id));
    const open = await claims.model.countDocuments({ open: true });
    onLook(open, await claims.model.countDocuments({ state: 'NEEDS_ATTENTION' }));
  }

  async function lookOn(): Promise<void> {
    while (!stopped.signal.aborted) {
      // While MongoDB is killed there is nothing to look at.
      await look().catch((error: unknown) => {
        if (!isOfDatabase(error)) throw error;
      });
      await sleep(EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  const looking = lookOn();
  looking.catch(() => {});
  return {
    async stop() {
      stopped.abort();
      await looking;
      return [...seen];
    },
  };
}
