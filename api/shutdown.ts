/** Stopping the process without cutting anybody off. */
import type { ServerType } from '@hono/node-server';
import type { Logger } from 'pino';

/** How long requests under way get, in milliseconds; waits and streams are cut then. */
const GRACE_MS = 5_000;

/**
 * On SIGTERM or SIGINT: takes no more connections, lets requests end for a while, cleans up, exits.
 * @param api its server, and what answers those who wait to be let in: they come back elsewhere
 * @param cleanUp closes what the process holds open
 */
export function gracefully(
  { server, turnAway }: { server: ServerType; turnAway: () => void },
  log: Logger,
  cleanUp: () => Promise<void>,
): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    log.info('api stopping');
    turnAway();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    }, GRACE_MS);
    await closed;
    clearTimeout(cut);
    await cleanUp();
    log.info('api stopped');
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // A port that is taken is said at once, not retried.
  server.on('error', (err) => {
    log.fatal({ err }, 'cannot listen');
    process.exit(1);
  });
}
