/** Several things at once, all or none. */

/**
 * Runs what `start` begins and resolves with all results; when one fails, the signal they were
 * given aborts, the others are awaited, and the first failure is thrown.
 */
export async function allOrNone<T extends readonly Promise<unknown>[] | []>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const failed = new AbortController();
  const works = start(AbortSignal.any([signal, failed.signal]));
  for (const work of works) work.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(works);
  if (failed.signal.aborted) throw failed.signal.reason;
  return await Promise.all(works);
}
