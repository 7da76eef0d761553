/** Ends the server without cutting off a request. */
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { afterAll, connectionOf } from './one-request-at-a-time.ts';

/** How long requests under way may take once no connection is accepted, in milliseconds. */
const GRACE_MS = 5_000;

/** How long it takes to close the connections after that, in milliseconds. */
const CLOSING_MS = 2_000;

/** How long a process takes to end after it has drained, in milliseconds. */
export const STOP_AFTER_DRAIN_MS = GRACE_MS + CLOSING_MS;

/** @param drainMs how long it goes on serving, in milliseconds */
export function createDraining(drainMs: number) {
  let isDraining = false;
  const open = new Set<Socket>();

  return {
    /** How long the process may take to stop, `end` included, in milliseconds. */
    stopsWithinMs: drainMs + STOP_AFTER_DRAIN_MS,
    /** Follows the server's connections. Call it before anything else listens to its requests. */
    watch(server: Server): void {
      server.on('connection', (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      });
      server.prependListener('request', (_, response: ServerResponse) => {
        // Node then sends `Connection: close` and closes after the answer.
        if (isDraining) response.shouldKeepAlive = false;
      });
    },
    /**
     * Goes on serving while load balancers notice that the process stops, and asks each client to
     * connect anew. Then accepts no more connections, and cuts what is still under way after 5 s.
     * @param letGo called when the drain is over: it must answer the requests that wait for
     *   something
     */
    async end(server: Server, letGo: () => void): Promise<void> {
      isDraining = true;
      for (const socket of open) {
        const { current } = connectionOf(socket);
        if (current) current.response.shouldKeepAlive = false;
      }
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      letGo();
      // `close` of an HTTP server also cuts answers that are complete and not sent yet.
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
