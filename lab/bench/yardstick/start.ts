/** The yardsticks' processes beside a stack, over the same servers. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../../local/processes/ports.ts';
import { startProcess } from '../processes.ts';
import type { BenchServers } from '../servers.ts';
import type { Pids } from '../usage.ts';
import type { SagaInput } from './activities.ts';

/** In the stack's database, so that both read and write the same collections. */
interface Beside {
  name: string;
  namespace: string;
}

export interface YardstickWorker {
  /** Starts a workflow that does nothing, and waits for its end. */
  nothing(): Promise<void>;
  /** The saga of six plain activities, from its start to its end. */
  saga(input: SagaInput): Promise<void>;
  pids(): Pids;
  stop(): Promise<void>;
}

export async function startYardstickWorker(
  servers: BenchServers,
  { name, namespace }: Beside,
): Promise<YardstickWorker> {
  const env = {
    ...process.env,
    MONGODB_URI: servers.mongodbUri(databaseOf(name)),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
  };
  const spec = { name: 'worker', file: 'lab/bench/yardstick/worker.ts', ready: 'yardstick ready' };
  const worker = await startProcess(spec, env);
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const client = new Client({ connection, namespace });
  const execute = async (workflow: string, args: unknown[]) => {
    const options = { workflowId: randomUUID(), taskQueue: 'yardstick', args };
    await client.workflow.execute(workflow, options);
  };
  return {
    nothing: () => execute('nothing', []),
    saga: (input) => execute('saga', [input]),
    pids: () => ({ ...servers.pids(), worker: worker.child.pid }),
    async stop() {
      await connection.close();
      await worker.stop();
    },
  };
}

interface BareApi {
  ports: readonly number[];
  pids(): Pids;
  stop(): Promise<void>;
}

export async function startBareApi(servers: BenchServers, { name }: Beside): Promise<BareApi> {
  const port = await freePort();
  const env = {
    ...process.env,
    MONGODB_URI: servers.mongodbUri(databaseOf(name)),
    JWT_KEYS: servers.secrets.jwtKeys,
    PORT: String(port),
  };
  const spec = { name: 'api', file: 'lab/bench/yardstick/api.ts', ready: 'bare ready' };
  const api = await startProcess(spec, env);
  return {
    ports: [port],
    pids: () => ({ ...servers.pids(), api: api.child.pid }),
    stop: () => api.stop(),
  };
}

/** The database of a stack. */
export function databaseOf(stackName: string): string {
  return `bench_${stackName.replaceAll(' ', '_')}`;
}
