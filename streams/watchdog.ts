/** Finds a consumer that has partitions and yet asks for nothing: it would wait for ever, without an error. */
import type { Consumer } from '@platformatic/kafka';

/** A broker answers within a second even where it has nothing to give. */
const SILENCE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

/** Calls `onSilence` after a minute in which no broker answered, though there was somebody to ask. */
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
    /** Does work during which nothing more is asked for. */
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
