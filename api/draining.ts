/** Ending the server without cutting anybody off. */
import type { Server, ServerResponse } from 'node:http';

/** How long requests under way get once nobody else is let in, in milliseconds. */
const GRACE_MS = 5_000;

/** What is left after the grace is for closing connections, in milliseconds. */
const CLOSING_MS = 2_000;

/** How long a process takes to end after it has drained, in milliseconds. */
export const STOP_AFTER_DRAIN_MS = GRACE_MS + CLOSING_MS;

export interface Draining {
  /** How long `end` may take at most, and the process a little longer, in milliseconds. */
  stopsWithinMs: number;
  /** Looks after the connections of that server. Before anything else handles its requests. */
  watch(server: Server): void;
  /**
   * Serves on for as long as whoever sends traffic may take to notice, and asks each client to
   * connect anew. Then takes no more connections, and cuts what is still under way after a grace.
   * @param letGo answers whoever waits for something: it is called when the drain is over
   */
  end(server: Server, letGo: () => void): Promise<void>;
}

/** @param drainMs how long it serves on, in milliseconds */
export function createDraining(drainMs: number): Draining {
  let isDraining = false;
  const underWay = new Set<ServerResponse>();

  return {
    stopsWithinMs: drainMs + STOP_AFTER_DRAIN_MS,
    watch(server) {
      server.prependListener('request', (_, response: ServerResponse) => {
        // Node then sends `Connection: close`, and closes after the answer.
        if (isDraining) response.shouldKeepAlive = false;
        underWay.add(response);
        response.once('close', () => underWay.delete(response));
      });
    },
    async end(server, letGo) {
      isDraining = true;
      for (const response of underWay) response.shouldKeepAlive = false;
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      letGo();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // An answer that began before the drain left its connection open for more.
      const idle = () => setImmediate(() => server.closeIdleConnections());
      for (const response of underWay) response.once('close', idle);
      const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}
