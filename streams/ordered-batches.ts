/** Handles batches at the same time, and commits their offsets one after another, in order. */
import type { IncomingRecord } from './records.ts';

/**
 * @param sideBySide how many batches are handled at once
 * @param handle handles one batch
 * @param commit called once a batch and all batches before it are handled
 * @param onFailure called at once with what handling or committing a batch threw
 */
export function createOrderedBatches(
  sideBySide: number,
  handle: (batch: IncomingRecord[]) => Promise<void>,
  commit: (batch: IncomingRecord[]) => Promise<void>,
  onFailure: (error: unknown) => void,
) {
  const inHand = new Set<IncomingRecord[]>();
  const committing: Promise<void>[] = [];
  let before: Promise<void> = Promise.resolve();

  return {
    /**
     * Begins to handle the batch. Resolves once there is a slot for another one.
     * @throws what handling or committing any batch threw
     */
    async take(batch: IncomingRecord[]): Promise<void> {
      inHand.add(batch);
      const handled = handle(batch);
      handled.catch(() => {});
      // A committed offset says that all records before it are done, so commits keep the order.
      before = before.then(async () => {
        await handled;
        await commit(batch);
        inHand.delete(batch);
      });
      before.catch(onFailure);
      committing.push(before);
      if (committing.length >= sideBySide) await committing.shift();
    },
    /** Whether records of the partition were taken and are not committed. */
    isInHand: (partition: number): boolean =>
      [...inHand].flat().some((record) => record.partition === partition),
    /** Resolves once every batch is committed. @throws what handling or committing any batch threw */
    end: (): Promise<void> => before,
  };
}
