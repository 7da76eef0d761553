/**
 * Waiting for a claim to change. One change stream serves all waiting requests of a process. While
 * it is broken, each waiting request reads its claim every second instead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import { timeOfToken } from '../mongodb/resume-token.ts';

/** @param isOpen true where the claim was certainly not final with this change */
export type OnChange = (isOpen?: boolean) => void;

export type ClaimChanges = ReturnType<typeof watchClaims>;

/** How often waiting requests read while the change stream is broken, in milliseconds. */
const FALLBACK_MS = 1_000;

/**
 * How long the stream pauses before it asks for more, in milliseconds: for each change that it got,
 * and at most. A stream that waits at the server wakes up at every write there. With a pause, more
 * changes come in one answer.
 */
const REST_PER_CHANGE_MS = 10;
const LONGEST_REST_MS = 50;

/** The requested part of each change. */
interface Change {
  documentKey?: { _id?: unknown };
  isOpen?: boolean;
}

/** Whether changes of the last answer are still buffered; true where the driver does not say. */
function hasMore(watcher: mongo.ChangeStream): boolean {
  // The driver has its cursor there, but not in its types.
  const { cursor } = watcher as unknown as { cursor?: { bufferedCount?(): number } };
  return cursor?.bufferedCount?.() !== 0;
}

/** Opens the change stream and follows it until `close`. @param onError called when it breaks */
export function watchClaims(connection: Connection, onError: (error: unknown) => void) {
  const waiting = new Map<string, Set<OnChange>>();
  let watcher: mongo.ChangeStream | undefined;
  let seenUntil = new Date();
  let isClosed = false;
  let isEnding = false;

  const wake = (claimId: string, isOpen = false) => {
    for (const onChange of waiting.get(claimId) ?? []) onChange(isOpen);
  };
  const wakeAll = () => {
    for (const claimId of waiting.keys()) wake(claimId);
  };

  /** Reads the stream. When it breaks, opens it again, for as long as it takes. */
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
                // A claim loses the mark of an open one only when it ends.
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
      // Changes made while the stream was broken are found by reading.
      wakeAll();
      await sleep(FALLBACK_MS);
    }
  }
  const following = follow();

  return {
    /**
     * Calls `onChange` after each change of the claim, and sometimes without one. The caller reads
     * the claim each time; a caller that waits only for its end may skip the read where `isOpen` is
     * true. Subscribe first and read then, or a change in between is missed.
     * @returns a function that ends the subscription
     */
    subscribe(claimId: string, onChange: OnChange): () => void {
      const others = waiting.get(claimId) ?? new Set();
      waiting.set(claimId, others.add(onChange));
      return () => {
        others.delete(onChange);
        if (others.size === 0 && waiting.get(claimId) === others) waiting.delete(claimId);
      };
    },
    /**
     * The cluster time up to which every change was seen, to the second; before the stream's first
     * answer, when it was opened.
     */
    seenUntil(): Date {
      seenUntil = timeOfToken(watcher?.resumeToken) ?? seenUntil;
      return seenUntil;
    },
    /** Wakes all waiting requests, and ends all waiting from now on. */
    endWaits(): void {
      isEnding = true;
      wakeAll();
    },
    /** Whether `endWaits` was called: then read once and do not wait. */
    isEnding: (): boolean => isEnding,
    async close(): Promise<void> {
      isClosed = true;
      await watcher?.close().catch(() => {});
      await Promise.race([following, sleep(FALLBACK_MS)]);
    },
  };
}
