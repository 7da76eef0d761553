/** One answer for all who ask at about the same time. */

/**
 * Wraps a read: all calls while it is under way, and for `ageMs` after, get the same answer. A
 * failure is shared by those who wait for it, and then forgotten.
 * @param ageMs how long an answer is used, in milliseconds
 * @param now milliseconds on a clock that never goes back
 */
export function sharedFor<T>(
  ageMs: number,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let freshUntilMs = Number.POSITIVE_INFINITY;
  return () => {
    if (answer && now() < freshUntilMs) return answer;
    freshUntilMs = Number.POSITIVE_INFINITY;
    answer = read().finally(() => {
      freshUntilMs = now() + ageMs;
    });
    answer.catch(() => {
      answer = undefined;
    });
    return answer;
  };
}
