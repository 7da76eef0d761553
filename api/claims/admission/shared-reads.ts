/** One read for many who ask for the same at the same time. */

/**
 * Wraps a read so that callers with the same key share it. Nobody gets the answer of a read that
 * began before they asked: those who come during a read share the next one. So an answer is as
 * fresh as that of a read of one's own, and a crowd costs one read after the other.
 * @param keyOf what makes two calls the same
 */
export function shareReads<A extends unknown[], T>(
  keyOf: (...of: A) => string,
  read: (...of: A) => Promise<T>,
): (...of: A) => Promise<T> {
  /** By key, while a read is under way: the read after it; undefined if nobody waits for one. */
  const nexts = new Map<string, Promise<T> | undefined>();
  const underWay = new Map<string, Promise<unknown>>();

  function begin(key: string, of: A): Promise<T> {
    const reading = read(...of);
    const ended = Promise.allSettled([reading]);
    underWay.set(key, ended);
    nexts.delete(key);
    void ended.then(() => {
      // With a next read, that one begins right after this, and keeps the key.
      if (underWay.get(key) === ended && !nexts.has(key)) underWay.delete(key);
    });
    return reading;
  }

  return (...of) => {
    const key = keyOf(...of);
    const running = underWay.get(key);
    if (!running) return begin(key, of);
    const next = nexts.get(key) ?? running.then(() => begin(key, of));
    nexts.set(key, next);
    return next;
  };
}
