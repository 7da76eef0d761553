/** Finds a consumer that has partitions but fetches nothing: it would wait forever. */
import type { Consumer } from '@platformatic/kafka';

/**
 * How long silence may last and how often it is checked, in milliseconds. A broker answers every
 * second even without records.
 */
const SILENCE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

/**
 * Calls `onSilence` after a minute in which no broker answered although this consumer has
 * partitions.
 * @param silenceMs how long that minute is, in milliseconds
 */
export function createWatchdog(
  consumer: Pick<Consumer, 'assignments'>,
  onSilence: () => void,
  silenceMs: number = SILENCE_MS,
) {
  let seenAtMs = performance.now();
  let isBusy = false;
  const seen = () => {
    seenAtMs = performance.now();
  };
  const timer = setInterval(
    () => {
      const hasPartitions = consumer.assignments?.some(({ partitions }) => partitions.length > 0);
      if (isBusy || !hasPartitions) seen();
      else if (performance.now() - seenAtMs > silenceMs) onSilence();
    },
    Math.min(LOOK_EVERY_MS, silenceMs),
  );
  return {
    seen,
    /** Runs work during which nothing is fetched, so that its time does not count as silence. */
    async during(work: () => Promise<void>): Promise<void> {
      isBusy = true;
      try {
        await work();
      } finally {
        isBusy = false;
        seen();
      }
    },
    end: () => clearInterval(timer),
  };
}
