/** Trying again for as long as it takes, with pauses that grow. */
import { setTimeout as delay } from 'node:timers/promises';

/** Pauses between tries, in milliseconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

interface Persistence {
  /** Ends the trying. */
  signal: AbortSignal;
  /** Told of each failure. */
  onFailure: (error: unknown) => void;
  /** Whether another try could help; every failure unless given. */
  isPassing?: (error: unknown, attempt: number) => boolean;
}

/**
 * Does the work until it succeeds.
 * @throws what the work threw, where `isPassing` says so; an AbortError once `signal` is aborted
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
