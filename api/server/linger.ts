/** Closing a connection whose client still sends, so that it can read the answer. */
import type { Socket } from 'node:net';

/** As common servers do: in all, and while nothing comes. In milliseconds. */
const LONGEST_MS = 30_000;
const IDLE_MS = 5_000;

/**
 * Ends our side and goes on taking what the client sends, for a while. A connection that is closed
 * over what was not taken is reset, and a reset may destroy the answer on its way to the client
 * (RFC 9112, section 9.6). What comes must be taken by whoever reads the connection.
 */
export function linger(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  const cut = () => socket.destroy();
  const timer = setTimeout(cut, LONGEST_MS).unref();
  socket.setTimeout(IDLE_MS, cut);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
}
