/** A bounded queue for work in this process: first in, first out. */

export interface WorkQueueSettings {
  /** How many jobs run at once. */
  atOnce: number;
  /** How many jobs may wait besides; without a limit unless given. */
  waiting?: number;
  /** Makes the error for a job that finds the queue full. Called with the number of waiting jobs. */
  full?: (waiting: number) => Error;
}

/** Runs a job once it has a slot, and answers what the job answers. @throws what the job throws */
export type WorkQueue = <T>(job: () => Promise<T>) => Promise<T>;

/**
 * Makes a queue. A job that finds it full is not run: its caller gets the error that `full` makes.
 * @example const hashes = createWorkQueue({ atOnce: 4, waiting: 500, full: () => new Busy() });
 */
export function createWorkQueue(settings: WorkQueueSettings): WorkQueue {
  const { atOnce, waiting: mostWaiting = Number.POSITIVE_INFINITY } = settings;
  const waiting: (() => void)[] = [];
  let running = 0;

  async function waitForSlot(): Promise<void> {
    if (waiting.length >= mostWaiting) {
      throw settings.full?.(waiting.length) ?? new Error(`${waiting.length} jobs wait already`);
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  return async (job) => {
    if (running < atOnce) running += 1;
    else await waitForSlot();
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      // A waiting job takes over the slot, so the number of running jobs stays.
      if (next) next();
      else running -= 1;
    }
  };
}
