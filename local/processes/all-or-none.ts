/**
 * Awaits several works at once. If one fails, the others are aborted and awaited.
 * @param start begins the works; they must stop when the signal it gets aborts
 * @returns the results of all works
 * @throws the first failure
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
