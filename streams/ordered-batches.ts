/** Batches handled side by side, whose places are committed one after the other, in their order. */
import type { IncomingRecord } from './records.ts';

interface Line {
  /** Begins with the batch; resolves once there is room for another. @throws what any batch threw */
  take(batch: IncomingRecord[], commit: (batch: IncomingRecord[]) => Promise<void>): Promise<void>;
  /** Resolves once every batch is committed. @throws what any batch threw */
  end(): Promise<void>;
}

/** @param onFailure told at once of what breaks the line */
export function createLine(
  sideBySide: number,
  handle: (batch: IncomingRecord[]) => Promise<void>,
  onFailure: (error: unknown) => void,
): Line {
  const waiting: Promise<void>[] = [];
  let before: Promise<void> = Promise.resolve();

  return {
    async take(batch, commit) {
      const handled = handle(batch);
      handled.catch(() => {});
      // A place that was committed says that all before it are done.
      before = before.then(() => handled).then(() => commit(batch));
      before.catch(onFailure);
      waiting.push(before);
      if (waiting.length >= sideBySide) await waiting.shift();
    },
    async end() {
      await before;
    },
  };
}
