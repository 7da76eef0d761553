/** A stack whose processes send every trace to a collector, beside one that sends none. */
import { freePort } from '../../local/processes/ports.ts';
import { type ProcessSpec, startProcess } from './processes.ts';
import type { BenchServers } from './servers.ts';
import { APART, type Stack, type StackSpec, startStack } from './stack.ts';

const COLLECTOR: ProcessSpec = {
  name: 'collector',
  file: 'lab/bench/yardstick/collector.ts',
  ready: 'collector ready',
};

/**
 * Starts the collector and the stack. The collector's own CPU time is not counted.
 * @param spec other processes than API and worker, and other settings
 */
export async function startTracedStack(
  servers: BenchServers,
  options: { profileDir?: string | undefined; env?: NodeJS.ProcessEnv },
  spec: StackSpec = { ...APART, name: 'traced' },
): Promise<Stack> {
  const port = await freePort();
  const collector = await startProcess(COLLECTOR, { ...process.env, PORT: String(port) });
  try {
    const env = { ...options.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    const stack = await startStack(servers, spec, { ...options, env });
    return {
      ...stack,
      async stop() {
        await stack.stop();
        await collector.stop();
      },
    };
  } catch (error) {
    await collector.stop();
    throw error;
  }
}
