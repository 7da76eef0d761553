/**
 * One answer for all who look. It is made again every two seconds while somebody follows it, and
 * never twice at once.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** How often it is made while somebody follows it, in milliseconds: how old it may get. */
const EVERY_MS = 2_000;

/** An answer as it is shared. */
export interface Shared<T> {
  value: T;
  /** Grows by one with each value that differs from the one before. */
  number: number;
  /** When it was last made, in milliseconds of a clock that never goes back. */
  madeAtMs: number;
}

export interface Feed<T> {
  /** The answer, two seconds old at most. @throws what making it threw */
  read(): Promise<Shared<T>>;
  /**
   * Follows the answer: calls `onMade` each time that it was made, whether it differs or not.
   * @param onMade gets null where it could not be made, or the process ends
   * @returns ends the following
   */
  follow(onMade: (made: Shared<T> | null) => void): () => void;
  /** Tells all followers that this process ends, and any later one at once. */
  end(): void;
}

interface Options<T> {
  make(): Promise<T>;
  /** Whether two values say the same. */
  isSame(a: T, b: T): boolean;
  /** Told of a value that could not be made for followers. */
  onFailure(error: unknown): void;
  /** As `EVERY_MS`, in milliseconds; that unless given. */
  everyMs?: number;
}

/** A feed that nobody follows yet. */
export function createFeed<T>(options: Options<T>): Feed<T> {
  const { make, isSame, onFailure, everyMs = EVERY_MS } = options;
  const followers = new Set<(made: Shared<T> | null) => void>();
  let last: Shared<T> | undefined;
  let underWay: Promise<Shared<T>> | undefined;
  let isLooping = false;
  const ended = new AbortController();

  async function makeNow(): Promise<Shared<T>> {
    const madeAtMs = performance.now();
    const value = await make();
    const number = last ? last.number + (isSame(last.value, value) ? 0 : 1) : 1;
    last = { value, number, madeAtMs };
    return last;
  }

  const making = (): Promise<Shared<T>> => {
    underWay ??= makeNow().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };

  const isFresh = (): boolean => last !== undefined && performance.now() - last.madeAtMs < everyMs;

  const tellAll = (made: Shared<T> | null) => {
    for (const onMade of [...followers]) onMade(made);
  };

  /** Goes on for as long as somebody follows. */
  async function loop(): Promise<void> {
    isLooping = true;
    let nextAtMs = last ? last.madeAtMs + everyMs : 0;
    while (followers.size > 0) {
      const pauseMs = Math.max(nextAtMs - performance.now(), 0);
      await delay(pauseMs, undefined, { signal: ended.signal }).catch(() => {});
      if (followers.size === 0) break;
      const startedAtMs = performance.now();
      const made = await making().catch((error: unknown) => {
        onFailure(error);
        return null;
      });
      tellAll(made);
      // A database that needs long for it gets as long a pause.
      const tookMs = performance.now() - startedAtMs;
      nextAtMs = startedAtMs + Math.max(everyMs, 2 * tookMs);
    }
    isLooping = false;
  }

  return {
    async read() {
      return last && isFresh() ? last : await making();
    },
    follow(onMade) {
      if (ended.signal.aborted) {
        queueMicrotask(() => onMade(null));
        return () => {};
      }
      followers.add(onMade);
      if (!isLooping) void loop();
      return () => void followers.delete(onMade);
    },
    end() {
      tellAll(null);
      followers.clear();
      ended.abort();
    },
  };
}
