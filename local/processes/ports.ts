/** Ports for the local stack's servers. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * The range is below the ephemeral ports of Linux (from 32768) and macOS (from 49152). A client that
 * connects to a server that is down could otherwise get that server's port as its own.
 */
const LOWEST = 20_000;
const COUNT = 12_768;

/** Tries to find a free port: enough if one port in ten is free. */
const TRIES = 200;

/** Ports that this process was given before. */
const handedOut = new Set<number>();

/** Whether a server could listen on the port now. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A free port that this process was not given before. It is random, so that stacks that start at the
 * same time rarely choose the same one.
 * @param taken ports not to choose
 * @throws Error if none was found
 */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = LOWEST + randomInt(COUNT);
    if (handedOut.has(port) || taken.has(port)) continue;
    handedOut.add(port);
    // Also on all addresses: another process may listen on only one of them.
    if ((await isFree(port)) && (await isFree(port, '0.0.0.0'))) return port;
  }
  throw new Error(`no free port from ${LOWEST} to ${LOWEST + COUNT - 1} in ${TRIES} tries`);
}
