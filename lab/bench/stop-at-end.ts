/** What a measurement starts is stopped, in the opposite order, whatever happens. */
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
