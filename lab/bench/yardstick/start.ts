/** Starts the yardsticks' processes over the servers and the database of a stack. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../../local/processes/ports.ts';
import type { Pids } from '../process-usage.ts';
import { startProcess } from '../processes.ts';
import type { BenchServers } from '../servers.ts';
import type { SagaInput } from './activities.ts';

/** The stack whose database and namespace a yardstick uses. */
interface Beside {
  name: string;
  namespace: string;
}

export interface YardstickWorker {
  /** Starts a workflow that does nothing, and waits for its end. */
  nothing(): Promise<void>;
  /** Starts the saga of six plain activities, and waits for its end. */
  saga(input: SagaInput): Promise<void>;
  pids(): Pids;
  stop(): Promise<void>;
}

/** Starts the worker of the yardsticks, and resolves once it is ready. */
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

export interface BareApi {
  /** The one port where it listens. */
  ports: readonly number[];
  pids(): Pids;
  stop(): Promise<void>;
}

/** Starts the bare API, and resolves once it listens. */
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

/** The name of a stack's database. */
export function databaseOf(stackName: string): string {
  return `bench_${stackName.replaceAll(' ', '_')}`;
}
