/**
 * Runs `use`, and afterwards stops everything that it passed to `stopAtEnd`, in reverse order,
 * whether it succeeds or fails.
 */
export async function withStops<T>(
  use: (stopAtEnd: <S extends { stop(): Promise<void> }>(started: S) => S) => Promise<T>,
): Promise<T> {
  const stops: (() => Promise<void>)[] = [];
  try {
    return await use((started) => {
      stops.unshift(() => started.stop());
      return started;
    });
  } finally {
    for (const stop of stops) await stop();
  }
}
