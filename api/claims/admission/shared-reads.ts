/** Reads that many ask for at once, done once for all who asked before it began. */

/**
 * Wraps a read so that callers with one key share it. Nobody gets the answer of a read that began
 * before they asked: who comes while one is under way waits for the next, which all such share. So
 * an answer is as fresh as one's own, and a crowd costs one read after the other.
 */
export function shareReads<A extends unknown[], T>(
  keyOf: (...of: A) => string,
  read: (...of: A) => Promise<T>,
): (...of: A) => Promise<T> {
  /** The next read of each key that has one under way; undefined while nobody waits for it. */
  const nexts = new Map<string, Promise<T> | undefined>();
  const underWay = new Map<string, Promise<unknown>>();

  function begin(key: string, of: A): Promise<T> {
    const reading = read(...of);
    const ended = reading.then(
      () => {},
      () => {},
    );
    underWay.set(key, ended);
    nexts.delete(key);
    void ended.then(() => {
      // Whoever waits begins the next by itself, right after this.
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
