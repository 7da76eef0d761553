/** Ports for the local stack's servers. */
import { createServer } from 'node:net';

/**
 * Below the ranges from which Linux (32768) and macOS (49152) give out ports to outgoing
 * connections: there a client that calls a server which is down could be handed that server's port.
 */
const LOWEST = 20_000;
const COUNT = 12_768;

/**
 * Stacks that start at once look from different places on, by their process IDs: each has chosen
 * its ports some seconds before its last server listens.
 */
const APART = 16;

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
 * A free port, none of `taken` and none that this process was given before.
 * @throws Error if there is none
 */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let i = 0; i < COUNT; i++) {
    const port = LOWEST + ((process.pid * APART + i) % COUNT);
    if (handedOut.has(port) || taken.has(port)) continue;
    handedOut.add(port);
    // On all addresses: another may listen on one of them only.
    if ((await isFree(port)) && (await isFree(port, '0.0.0.0'))) return port;
  }
  throw new Error(`no free port from ${LOWEST} to ${LOWEST + COUNT - 1}`);
}
