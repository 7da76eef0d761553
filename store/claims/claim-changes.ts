/**
 * Who waits for a claim to change. One change stream a process serves every waiting request; while
 * it is broken, everybody who waits reads again each second instead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import type { ClaimStore } from './claims.ts';

/** @param isOpen true where it is known that the claim was not final with this change */
type OnChange = (isOpen?: boolean) => void;

export interface ClaimChanges {
  /**
   * Calls `onChange` after each change of the claim, and now and then for nothing: read the claim
   * each time, or only where it may be final, if nothing else is waited for. Subscribe first and read
   * then, or a change in between is missed.
   * @returns ends the subscription
   */
  subscribe(claimId: string, onChange: OnChange): () => void;
  /** Calls everybody who waits once more, as nobody is to wait any longer. */
  endWaits(): void;
  /** Whether that was called: read once, and do not wait. */
  isEnding(): boolean;
  close(): Promise<void>;
}

/** How often waiting requests read again while the change stream is broken, in milliseconds. */
const FALLBACK_MS = 1_000;

/**
 * How long the stream rests before it asks for more, in milliseconds: for each change that it was
 * given, and at most. A stream that waits at the server is woken by every write there, whomever it
 * concerns; the more there is, the more of it comes in one answer.
 */
const REST_PER_CHANGE_MS = 10;
const LONGEST_REST_MS = 50;

/** What is asked for of each change. */
interface Change {
  documentKey?: { _id?: unknown };
  isOpen?: boolean;
}

type Watcher = ReturnType<ClaimStore['model']['collection']['watch']>;

/** Whether changes of the server's last answer are still to be handed out; true where that is hidden. */
function hasMore(watcher: Watcher): boolean {
  // The driver has its cursor there, and leaves it out of its types.
  const { cursor } = watcher as unknown as { cursor?: { bufferedCount?(): number } };
  return cursor?.bufferedCount?.() !== 0;
}

export function watchClaims(connection: Connection, onError: (error: unknown) => void) {
  const waiting = new Map<string, Set<OnChange>>();
  let watcher: Watcher | undefined;
  let isClosed = false;
  let isEnding = false;
  let retry: NodeJS.Timeout | undefined;

  const wake = (claimId: string, isOpen = false) => {
    for (const onChange of waiting.get(claimId) ?? []) onChange(isOpen);
  };
  const wakeAll = () => {
    for (const claimId of waiting.keys()) wake(claimId);
  };

  /** Follows the stream until it breaks, then tries anew for as long as it takes. */
  async function follow(): Promise<void> {
    while (!isClosed) {
      let given = 0;
      try {
        watcher = connection.collection('claims').watch(
          [
            { $match: { operationType: { $in: ['update', 'replace'] } } },
            {
              $project: {
                'documentKey._id': 1,
                // Only by its end does a claim lose the mark of an open one.
                isOpen: {
                  $and: [
                    { $eq: ['$operationType', 'update'] },
                    { $not: { $in: ['open', '$updateDescription.removedFields'] } },
                  ],
                },
              },
            },
          ],
          { maxAwaitTimeMS: 1_000 },
        );
        for await (const change of watcher) {
          const { documentKey, isOpen } = change as Change;
          wake(String(documentKey?._id), isOpen);
          given += 1;
          if (hasMore(watcher)) continue;
          await sleep(Math.min(given * REST_PER_CHANGE_MS, LONGEST_REST_MS));
          given = 0;
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
    endWaits() {
      isEnding = true;
      wakeAll();
    },
    isEnding: () => isEnding,
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await watcher?.close().catch(() => {});
      await Promise.race([following, new Promise((resolve) => setTimeout(resolve, FALLBACK_MS))]);
    },
  };
  return changes;
}
