/** Retries with growing pauses. */
import { setTimeout as delay } from 'node:timers/promises';

/** Pauses between attempts, in milliseconds. They double from the first to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export interface Persistence {
  /** Stops retrying. */
  signal: AbortSignal;
  /** Called with each failure that is retried. */
  onFailure: (error: unknown) => void;
  /** Whether another attempt could succeed; always unless given. `attempt` counts from 1. */
  isPassing?: (error: unknown, attempt: number) => boolean;
}

/**
 * Repeats the work until it succeeds, and returns its result.
 * @throws the work's error where `isPassing` says no; an AbortError once `signal` is aborted
 */
export async function persist<T>(
  work: () => Promise<T>,
  { signal, onFailure, isPassing = () => true }: Persistence,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isPassing(error, attempt)) throw error;
      onFailure(error);
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    await delay(pauseMs, undefined, { signal });
  }
}
