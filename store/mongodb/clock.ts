/** The database server's clock. Deadlines in writes are judged by it and not by our clock. */
import type { Connection } from 'mongoose';

/** How long a measured offset is used, in milliseconds. Clocks drift far less in that time. */
const TRUSTED_MS = 30_000;

export type ServerClock = ReturnType<typeof createServerClock>;

/** Measures the offset between our clock and the server's when needed, at most every 30 s. */
export function createServerClock(connection: Connection) {
  let offsetMs = 0;
  let measuredAtMs = Number.NEGATIVE_INFINITY;
  let measuring: Promise<void> | undefined;

  async function measure(): Promise<void> {
    const sentMs = performance.now();
    const hello = await connection.getClient().db('admin').command({ hello: 1 });
    const answeredMs = performance.now();
    // The server read its clock between these two times. Taking the later one makes the offset
    // small, so deadlines are rather too short than too long.
    offsetMs = (hello.localTime as Date).getTime() - answeredMs;
    measuredAtMs = sentMs;
  }

  return {
    /** The server's time, in milliseconds since the epoch; at most half a round trip too early. */
    async nowMs(): Promise<number> {
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
