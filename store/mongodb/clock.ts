/** The database server's clock, as deadlines in its writes are judged by it and not by ours. */
import type { Connection } from 'mongoose';

/** How long a measured offset is trusted, in milliseconds: clocks drift by far less in that time. */
const TRUSTED_MS = 30_000;

export interface ServerClock {
  /** The server's time now, in milliseconds since the epoch; early by half a round trip at most. */
  nowMs(): Promise<number>;
}

/** Measures the offset between our clock and the server's when asked, at most every half minute. */
export function createServerClock(connection: Connection): ServerClock {
  let offsetMs = 0;
  let measuredAtMs = Number.NEGATIVE_INFINITY;
  let measuring: Promise<void> | undefined;

  async function measure(): Promise<void> {
    const sentMs = performance.now();
    const hello = await connection.getClient().db('admin').command({ hello: 1 });
    const answeredMs = performance.now();
    // The server's reading lies between sending and answer: the earlier bound keeps deadlines short.
    offsetMs = (hello.localTime as Date).getTime() - answeredMs;
    measuredAtMs = sentMs;
  }

  return {
    async nowMs() {
      if (performance.now() - measuredAtMs > TRUSTED_MS) {
        measuring ??= measure().finally(() => {
          measuring = undefined;
        });
        await measuring;
      }
      return performance.now() + offsetMs;
    },
  };
}
