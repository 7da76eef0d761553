/** Answers that are the same to everybody who asks at about the same time. */

/**
 * Wraps a read so that all who ask while it is under way, and for so long after, get the same
 * answer. A failure is shared with those who wait for it, and then forgotten.
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
