/** The metrics that every process shows: those of Node, and which process it is. */
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * A registry with `process_*`, `nodejs_*` and `laurel_process_info`.
 * @param name the process
 * @throws Error if `package.json` cannot be read
 */
export function createRegistry(name: 'api' | 'worker' | 'streams'): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'laurel_process_info',
    help: 'Always 1. Which process this is, and its version.',
    labelNames: ['process', 'version'],
    registers: [registry],
  }).set({ process: name, version: ownVersion() }, 1);
  return registry;
}

function ownVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
