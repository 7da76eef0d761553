/** Handles batches at the same time, and commits their offsets one after another, in order. */
import type { IncomingRecord } from './records.ts';

export interface OrderedBatches {
  /**
   * Begins to handle the batch. Resolves once there is a slot for another one.
   * @param commit called once this batch and all batches before it are handled
   * @throws what handling or committing any batch threw
   */
  take(batch: IncomingRecord[], commit: (batch: IncomingRecord[]) => Promise<void>): Promise<void>;
  /** Resolves once every batch is committed. @throws what handling or committing any batch threw */
  end(): Promise<void>;
}

/**
 * @param sideBySide how many batches are handled at once
 * @param handle handles one batch
 * @param onFailure called at once with what handling or committing a batch threw
 */
export function createOrderedBatches(
  sideBySide: number,
  handle: (batch: IncomingRecord[]) => Promise<void>,
  onFailure: (error: unknown) => void,
): OrderedBatches {
  const uncommitted: Promise<void>[] = [];
  let before: Promise<void> = Promise.resolve();

  return {
    async take(batch, commit) {
      const handled = handle(batch);
      handled.catch(() => {});
      // A committed offset says that all records before it are done, so commits keep the order.
      before = before.then(() => handled).then(() => commit(batch));
      before.catch(onFailure);
      uncommitted.push(before);
      if (uncommitted.length >= sideBySide) await uncommitted.shift();
    },
    async end() {
      await before;
    },
  };
}
