/** Laurel's own processes over the bench's servers, in each of the ways they can be run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Tokens } from '../../api/identity/tokens.ts';
import { freePort } from '../../local/processes/ports.ts';
import { type Books, openBooks } from './books.ts';
import { tokensOf } from './players.ts';
import { type ProcessSpec, type Running, startProcess } from './processes.ts';
import type { BenchServers } from './servers.ts';
import type { Pids } from './usage.ts';
import { MOODS } from './yardstick/moods.ts';
import { databaseOf } from './yardstick/start.ts';

/** A way of running Laurel; each has a database and a namespace of its own. */
interface StackSpec {
  name: string;
  processes: ProcessSpec[];
}

/** API and worker as processes of their own. */
export const APART: StackSpec = {
  name: 'apart',
  processes: [
    { name: 'api', file: 'api/main.ts', ready: 'api ready' },
    { name: 'worker', file: 'worker/main.ts', ready: 'worker ready' },
  ],
};

/** The API by itself, for what needs no workflow. */
export const API_ALONE: StackSpec = { name: 'api', processes: APART.processes.slice(0, 1) };

/** A stand-in for a game server, at which the provider `game` is set up. */
const PROVIDER: ProcessSpec = {
  name: 'provider',
  file: 'lab/bench/yardstick/provider.ts',
  ready: 'provider ready',
};

export interface Stack {
  name: string;
  /** Where the first API listens, and where all of them do. */
  port: number;
  ports: number[];
  /** Where the stand-in for game servers listens, which is told their moods. */
  providerPort: number;
  books: Books;
  tokens: Tokens;
  namespace: string;
  /** Servers and processes that a claim costs time. */
  pids(): Pids;
  stop(): Promise<void>;
}

/** `game` grants at once; each of the others does as its name says, until it is told to grant too. */
function providersAt(port: number, secret: string): Record<string, object> {
  const baseUrl = `http://127.0.0.1:${port}`;
  const moody = MOODS.map((mood) => [mood, { baseUrl: `${baseUrl}/${mood}`, secret }] as const);
  return { game: { baseUrl, secret }, ...Object.fromEntries(moody) };
}

/** The stack's processes, each with its port; of the first as many as there are ports. */
function processesOf({ processes }: StackSpec, ports: readonly number[]) {
  return processes.flatMap((one, n) => {
    const [first] = ports as [number];
    if (n > 0) return [{ ...one, port: 0 }];
    const more = ports.slice(1).map((port, i) => ({ ...one, name: `${one.name}-${i + 2}`, port }));
    return [{ ...one, port: first }, ...more];
  });
}

/** Starts the processes one after the other; resolves once all of them work. */
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
      running.push(await startProcess(one, { ...env, PORT: String(one.port) }, options.profileDir));
    }
  } catch (error) {
    await Promise.all(running.map((one) => one.stop()));
    throw error;
  }
  const books = await openBooks(mongodbUri);
  return {
    name: spec.name,
    port: ports[0] as number,
    ports,
    providerPort,
    books,
    tokens: await tokensOf(servers.secrets.jwtKeys),
    namespace,
    pids: () => ({
      ...servers.pids(),
      ...Object.fromEntries(running.map(({ name, child }) => [name, child.pid])),
    }),
    async stop() {
      await books.database.close();
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

const NAMESPACE_DAY_S = 86_400;
const NAMESPACE_WAIT_MS = 30_000;
const NAMESPACE_POLL_MS = 250;

/** Makes a namespace; the server's own services learn of it some seconds later. */
async function makeNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: NAMESPACE_DAY_S as never },
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
