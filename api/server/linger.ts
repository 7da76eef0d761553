/** Closes a connection whose client still sends, so that the client can read the answer. */
import type { Socket } from 'node:net';

/** How long the rest is read at most, in milliseconds: as common web servers do. */
const LONGEST_MS = 30_000;
/** How long it may be silent meanwhile, in milliseconds. */
const IDLE_MS = 5_000;

/**
 * Ends our side, and goes on reading what the client sends for a while. A connection that is closed
 * with unread data is reset, and a reset may destroy the answer before the client reads it (RFC
 * 9112, section 9.6). The caller sees to it that what is read is thrown away.
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
