/** Sends what many callers ask for at once as one command. */
import { type Caller, tracer } from '../../tracing/spans.ts';

/** Documents in one query: as many as fit into its first answer, so that it is one round trip. */
export const MOST_READ = 100;

type Waiting<T, R> = PromiseWithResolvers<R> & { asked: T; caller: Caller };

/**
 * Collects all calls of one turn of the event loop into a batch. A batch is sent after all its
 * calls were made, so an answer is as fresh as that of a call alone. Under load a call costs a
 * fraction of a round trip; alone it costs the same as before.
 * @param send answers all calls of a batch, in order; where it fails, all of them fail
 * @param most how many calls are in one batch
 * @param keyOf calls with different keys go into different batches
 * @example const read = batch((ids: string[]) => readAll(ids), MOST_READ);
 */
export function batch<T, R>(
  send: (asked: T[]) => Promise<R[]>,
  most: number,
  keyOf: (one: T) => string = () => '',
): (one: T) => Promise<R> {
  const waiting = new Map<string, Waiting<T, R>[]>();

  /** Sends the batch. In a trace the command is a span of each of its callers. */
  function sendFor(all: Waiting<T, R>[]): Promise<R[]> {
    const sendAll = () => send(all.map(({ asked }) => asked));
    const callers = all.map(({ caller }) => caller);
    return tracer()?.onBehalfOf(callers, sendAll) ?? sendAll();
  }

  async function flush(key: string): Promise<void> {
    const all = waiting.get(key) ?? [];
    waiting.delete(key);
    if (all.length === 0) return;
    try {
      const answers = await sendFor(all);
      for (const [n, { resolve }] of all.entries()) resolve(answers[n] as R);
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  return (asked) => {
    const one = { asked, caller: tracer()?.caller(), ...Promise.withResolvers<R>() };
    const key = keyOf(asked);
    const all = waiting.get(key) ?? [];
    if (all.length === 0) {
      waiting.set(key, all);
      setImmediate(flush, key);
    }
    all.push(one);
    if (all.length >= most) void flush(key);
    return one.promise;
  };
}

/**
 * Reads single documents by their `_id`, many with one query.
 * @param find reads the documents with these `_id`s: at most 100, each once, in any order
 * @returns reads one document; null where there is none
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
