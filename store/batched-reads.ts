/** Reads of single documents that many ask for at once, sent as one query. */

/** Documents of one query: as many as fit into a first answer, so that it is one round trip. */
const MOST = 100;

interface Waiting<T> {
  resolve(found: T | null): void;
  reject(error: unknown): void;
}

/**
 * Brings together all reads that are asked for in one turn of the event loop. Each query begins after
 * everybody asked whom it answers, so an answer is as fresh as that of a read of one's own. Under load
 * a request costs a fraction of a round trip; alone it costs the same as before.
 * @param find the documents with these `_id`s, at most 100, in any order
 */
export function batchReads<T extends { _id: string }>(
  find: (ids: string[]) => Promise<T[]>,
): (id: string) => Promise<T | null> {
  let waiting = new Map<string, Waiting<T>[]>();

  async function send(asked: Map<string, Waiting<T>[]>): Promise<void> {
    try {
      const found = await find([...asked.keys()]);
      const byId = new Map(found.map((document) => [document._id, document]));
      for (const [id, all] of asked) for (const one of all) one.resolve(byId.get(id) ?? null);
    } catch (error) {
      for (const all of asked.values()) for (const one of all) one.reject(error);
    }
  }

  function flush(): void {
    const asked = waiting;
    waiting = new Map();
    if (asked.size > 0) void send(asked);
  }

  return (id) => {
    const { promise, resolve, reject } = Promise.withResolvers<T | null>();
    if (waiting.size === 0) setImmediate(flush);
    const others = waiting.get(id) ?? [];
    waiting.set(id, [...others, { resolve, reject }]);
    if (waiting.size >= MOST) flush();
    return promise;
  };
}
