/** What many ask for at once, sent as one command. */

/** Documents of one query: as many as fit into a first answer, so that it is one round trip. */
export const MOST_READ = 100;

interface Waiting<T, R> {
  asked: T;
  resolve(answer: R): void;
  reject(error: unknown): void;
}

/**
 * Brings together all that is asked for in one turn of the event loop. Each batch is sent after
 * everybody in it asked, so an answer is as fresh as one of one's own would be. Under load a request
 * costs a fraction of a round trip; alone it costs the same as before.
 * @param send answers each in order; where it fails, all fail with it
 * @param most of one batch
 * @param keyOf what has another key goes in another batch
 */
export function batch<T, R>(
  send: (asked: T[]) => Promise<R[]>,
  most: number,
  keyOf: (one: T) => string = () => '',
): (one: T) => Promise<R> {
  const waiting = new Map<string, Waiting<T, R>[]>();

  async function flush(key: string): Promise<void> {
    const all = waiting.get(key) ?? [];
    waiting.delete(key);
    if (all.length === 0) return;
    try {
      const answers = await send(all.map(({ asked }) => asked));
      for (const [n, { resolve }] of all.entries()) resolve(answers[n] as R);
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  return (asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const key = keyOf(asked);
    const all = waiting.get(key) ?? [];
    if (all.length === 0) {
      waiting.set(key, all);
      setImmediate(flush, key);
    }
    all.push({ asked, resolve, reject });
    if (all.length >= most) void flush(key);
    return promise;
  };
}

/**
 * Reads of single documents, brought together.
 * @param find the documents with these `_id`s, each of them once, at most 100, in any order
 */
export function batchReads<T extends { _id: string }>(
  find: (ids: string[]) => Promise<T[]>,
): (id: string) => Promise<T | null> {
  return batch<string, T | null>(async (ids) => {
    const found = await find([...new Set(ids)]);
    const byId = new Map(found.map((document) => [document._id, document]));
    return ids.map((id) => byId.get(id) ?? null);
  }, MOST_READ);
}
