/** Laurel's own processes over the bench's servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Tokens } from '../../api/identity/tokens.ts';
import { freePort } from '../../local/processes/ports.ts';
import { type Collections, openCollections } from './collections.ts';
import { tokensOf } from './players.ts';
import type { Pids } from './process-usage.ts';
import { type ProcessSpec, type Running, startProcess } from './processes.ts';
import type { BenchServers } from './servers.ts';
import { MOODS } from './yardstick/moods.ts';
import { databaseOf } from './yardstick/start.ts';

/** Which processes to run. Each stack has its own database and namespace. */
export interface StackSpec {
  name: string;
  processes: ProcessSpec[];
}

/** API and worker as separate processes. */
export const APART: StackSpec = {
  name: 'apart',
  processes: [
    { name: 'api', file: 'api/main.ts', ready: 'api ready' },
    {
      name: 'worker',
      file: 'worker/main.ts',
      ready: 'worker ready',
      nodeOptions: ['--max-semi-space-size=4'],
    },
  ],
};

/** Only the API, for what needs no workflow. */
export const API_ALONE: StackSpec = { name: 'api', processes: APART.processes.slice(0, 1) };

/** A stand-in for a game server, which the providers are set to. */
const PROVIDER: ProcessSpec = {
  name: 'provider',
  file: 'lab/bench/yardstick/provider.ts',
  ready: 'provider ready',
};

/** A stack that is ready. */
export interface Stack {
  name: string;
  /** The port of the first API. */
  port: number;
  /** The ports of all APIs. */
  ports: number[];
  /** The port of the stand-in for game servers, whose moods can be set. */
  providerPort: number;
  collections: Collections;
  tokens: Tokens;
  namespace: string;
  /** The servers and processes whose CPU time counts. */
  pids(): Pids;
  /** How long each of our processes took to be ready, in milliseconds. */
  startMs: Record<string, number>;
  stop(): Promise<void>;
}

/** `PROVIDERS`: `game` grants at once, and each mood has a provider of its own name. */
function providersAt(port: number, secret: string): Record<string, object> {
  const baseUrl = `http://127.0.0.1:${port}`;
  const moody = MOODS.map((mood) => [mood, { baseUrl: `${baseUrl}/${mood}`, secret }] as const);
  return { game: { baseUrl, secret }, ...Object.fromEntries(moody) };
}

/** The processes with their ports. The first is an API, started once for each port. */
function processesOf({ processes }: StackSpec, ports: readonly number[]) {
  return processes.flatMap((one, n) => {
    const [first] = ports as [number];
    if (n > 0) return [{ ...one, port: 0 }];
    const more = ports.slice(1).map((port, i) => ({ ...one, name: `${one.name}-${i + 2}`, port }));
    return [{ ...one, port: first }, ...more];
  });
}

/** Starts the processes one after the other, and resolves once all are ready. */
export async function startStack(
  servers: BenchServers,
  spec: StackSpec,
  options: { profileDir?: string | undefined; env?: NodeJS.ProcessEnv; apis?: number },
): Promise<Stack> {
  const namespace = `bench-${spec.name.replaceAll(' ', '-')}`;
  const usesTemporal = servers.pids().temporal !== undefined;
  if (usesTemporal) await makeNamespace(servers.temporalAddress, namespace);
  const apis = options.apis ?? 1;
  const ports: number[] = [];
  for (let n = 0; n < apis; n++) ports.push(await freePort());
  const providerPort = await freePort();
  const mongodbUri = servers.mongodbUri(databaseOf(spec.name));
  const secret = servers.secrets.simulatorSecret;
  const env = {
    ...process.env,
    MONGODB_URI: mongodbUri,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    ADMIN_PASSWORD: servers.secrets.adminPassword,
    JWT_KEYS: servers.secrets.jwtKeys,
    HOST: '127.0.0.1',
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'info',
    PROVIDERS: JSON.stringify(providersAt(providerPort, secret)),
    ...options.env,
  };
  const running: Running[] = [];
  try {
    running.push(await startProcess(PROVIDER, { ...env, PORT: String(providerPort) }));
    for (const one of processesOf(spec, ports)) {
      const own = { ...env, PORT: String(one.port), ...one.env };
      running.push(await startProcess(one, own, options.profileDir));
    }
  } catch (error) {
    await Promise.all(running.map((one) => one.stop()));
    throw error;
  }
  const collections = await openCollections(mongodbUri);
  return {
    name: spec.name,
    port: ports[0] as number,
    ports,
    providerPort,
    collections,
    tokens: await tokensOf(servers.secrets.jwtKeys),
    namespace,
    pids: () => ({
      ...servers.pids(),
      ...Object.fromEntries(running.map(({ name, child }) => [name, child.pid])),
    }),
    startMs: Object.fromEntries(running.map(({ name, startMs }) => [name, startMs])),
    async stop() {
      await collections.database.close();
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

/** Temporal keeps closed runs for a day, its shortest retention. */
const RETENTION_S = 86_400;
/** Longest wait for a new namespace, and the pause between two looks. */
const NAMESPACE_WAIT_MS = 30_000;
const NAMESPACE_POLL_MS = 250;

/** Registers a namespace, and waits until the server's services know it. @throws Error after 30 s */
async function makeNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_S as never },
    });
    const client = new Client({ connection, namespace });
    const giveUpMs = performance.now() + NAMESPACE_WAIT_MS;
    for (;;) {
      const error = await client.workflow.count().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) return;
      if (performance.now() > giveUpMs) throw error;
      await sleep(NAMESPACE_POLL_MS);
    }
  } finally {
    await connection.close();
  }
}
