/** Ending the server without cutting anybody off. */
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { afterAll, connectionOf } from './one-request-at-a-time.ts';

/** How long requests under way get once nobody else is let in, in milliseconds. */
const GRACE_MS = 5_000;

/** What is left after the grace is for closing connections, in milliseconds. */
const CLOSING_MS = 2_000;

/** How long a process takes to end after it has drained, in milliseconds. */
export const STOP_AFTER_DRAIN_MS = GRACE_MS + CLOSING_MS;

interface Draining {
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
  const open = new Set<Socket>();

  return {
    stopsWithinMs: drainMs + STOP_AFTER_DRAIN_MS,
    watch(server) {
      server.on('connection', (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      });
      server.prependListener('request', (_, response: ServerResponse) => {
        // Node then sends `Connection: close`, and closes after the answer.
        if (isDraining) response.shouldKeepAlive = false;
      });
    },
    async end(server, letGo) {
      isDraining = true;
      for (const socket of open) {
        const { current } = connectionOf(socket);
        if (current) current.response.shouldKeepAlive = false;
      }
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      letGo();
      // An HTTP server's own `close` also cuts answers that are whole and not sent yet.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      for (const socket of open) {
        const connection = connectionOf(socket);
        const isEnding = connection.isLast || socket.writableEnded;
        if (!isEnding) afterAll(connection, () => socket.destroySoon());
      }
      const cut = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, GRACE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}
