/** Ports for the local stack's servers. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ranges from which Linux (32768) and macOS (49152) give out ports to outgoing
 * connections: there a client that calls a server which is down could be handed that server's port.
 */
const LOWEST = 20_000;
const COUNT = 12_768;

/** Enough to find a free one as long as one in ten is. */
const TRIES = 200;

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
 * A free port, none of `taken` and none that this process was given before. Drawn by lot: stacks
 * that start at once, or come back to the port they had, do not get in each other's way by counting
 * from the same place.
 * @throws Error if none was found
 */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = LOWEST + randomInt(COUNT);
    if (handedOut.has(port) || taken.has(port)) continue;
    handedOut.add(port);
    // On all addresses: another may listen on one of them only.
    if ((await isFree(port)) && (await isFree(port, '0.0.0.0'))) return port;
  }
  throw new Error(`no free port from ${LOWEST} to ${LOWEST + COUNT - 1} in ${TRIES} tries`);
}
