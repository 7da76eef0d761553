/** Loads what a screen shows. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { returns } from './connection.ts';
import type { Answer, Problem } from './problem.ts';

export interface Loaded<T> {
  /** The last answer; it stays while the next one is loaded, and when that fails. */
  data: T | undefined;
  /** Of the last load; undefined if it went well. */
  problem: Problem | undefined;
  loading: boolean;
  /** The last answer, for its headers, such as `ETag`. */
  response: Response | undefined;
  /** Loads again. */
  reload: () => void;
}

type State<T> = Omit<Loaded<T>, 'reload'>;

/**
 * Loads at once, whenever `key` changes, after `reload`, and when the API has come back.
 * @param key names what is loaded, such as the address's query; null loads nothing yet
 * @param load is given a signal that is aborted when its answer is no longer wanted
 * @example
 * const player = useData(userId, (signal) =>
 *   ask(api.GET('/api/users/{userId}', { params: { path: { userId } }, signal })));
 */
export function useData<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<Answer<T>>,
): Loaded<T> {
  const [state, setState] = useState<State<T>>({
    data: undefined,
    problem: undefined,
    loading: key !== null,
    response: undefined,
  });
  const [times, setTimes] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const back = returns.value;
  useEffect(() => {
    if (key === null) return;
    const over = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    void latest.current(over.signal).then((answer) => {
      if (over.signal.aborted) return;
      setState((before) =>
        answer.ok
          ? { data: answer.data, problem: undefined, loading: false, response: answer.response }
          : { ...before, problem: answer.problem, loading: false },
      );
    });
    return () => over.abort();
  }, [key, times, back]);
  const reload = useCallback(() => setTimes((before) => before + 1), []);
  return { ...state, reload };
}

/** Calls something every so often while the page is seen. @param everyMs null: not now */
export function useEvery(everyMs: number | null, work: () => void): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
