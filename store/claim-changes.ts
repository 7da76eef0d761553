/**
 * Who waits for a claim to change. One change stream a process serves every waiting request; while
 * it is broken, everybody who waits reads again each second instead.
 */
import type { Connection } from 'mongoose';
import type { ClaimStore } from './claims.ts';

export interface ClaimChanges {
  /**
   * Calls `onChange` after each change of the claim, and now and then for nothing: read the claim
   * each time. Subscribe first and read then, or a change in between is missed.
   * @returns ends the subscription
   */
  subscribe(claimId: string, onChange: () => void): () => void;
  close(): Promise<void>;
}

/** How often waiting requests read again while the change stream is broken, in milliseconds. */
const FALLBACK_MS = 1_000;

type Watcher = ReturnType<ClaimStore['model']['collection']['watch']>;

export function watchClaims(connection: Connection, onError: (error: unknown) => void) {
  const waiting = new Map<string, Set<() => void>>();
  let watcher: Watcher | undefined;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;

  const wake = (claimId: string) => {
    for (const onChange of waiting.get(claimId) ?? []) onChange();
  };
  const wakeAll = () => {
    for (const claimId of waiting.keys()) wake(claimId);
  };

  /** Follows the stream until it breaks, then tries anew for as long as it takes. */
  async function follow(): Promise<void> {
    while (!isClosed) {
      try {
        watcher = connection
          .collection('claims')
          .watch(
            [
              { $match: { operationType: { $in: ['insert', 'update', 'replace'] } } },
              { $project: { 'documentKey._id': 1 } },
            ],
            { maxAwaitTimeMS: 1_000 },
          );
        for await (const change of watcher) {
          wake(String((change as { documentKey?: { _id?: unknown } }).documentKey?._id));
        }
      } catch (error) {
        if (!isClosed) onError(error);
      }
      await watcher?.close().catch(() => {});
      if (isClosed) return;
      // What changed while nobody watched is told by reading.
      wakeAll();
      await new Promise<void>((resolve) => {
        retry = setTimeout(resolve, FALLBACK_MS);
      });
    }
  }
  const following = follow();

  const changes: ClaimChanges = {
    subscribe(claimId, onChange) {
      const others = waiting.get(claimId) ?? new Set();
      waiting.set(claimId, others.add(onChange));
      return () => {
        others.delete(onChange);
        if (others.size === 0 && waiting.get(claimId) === others) waiting.delete(claimId);
      };
    },
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await watcher?.close().catch(() => {});
      await Promise.race([following, new Promise((resolve) => setTimeout(resolve, FALLBACK_MS))]);
    },
  };
  return changes;
}
