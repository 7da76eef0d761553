/** For tests of servers: a context over a data folder, and a kill that waits for the restart. */
import type { Service } from '../processes/service.ts';
import type { ServerContext } from './start-servers.ts';

/**
 * @param scope a test, or a group of them: everything is stopped when it ends
 * @returns `context` for starting servers, `stop` for stopping them early, and `killed`, which kills a
 * service and resolves once it is ready again
 */
export function serverFolder(
  scope: { after(cleanUp: () => Promise<void>): void },
  dataDir: string,
) {
  const services: Service[] = [];
  const stop = async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
  };
  scope.after(stop);
  let onReady: (() => void) | undefined;
  const context: ServerContext = {
    dataDir,
    env: process.env,
    signal: new AbortController().signal,
    add: (service) => void services.push(service),
    watcher: { say: () => {}, onReady: () => onReady?.() },
  };
  const killed = async (service: Service) => {
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    process.kill(service.pid as number, 'SIGKILL');
    await ready;
  };
  return { context, stop, killed };
}
