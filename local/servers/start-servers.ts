/** Finds or installs mongod, Temporal's server and Kafka, and starts them supervised. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keepMadeBy, keptServers } from '../data-folder.ts';
import { resolveKafka, resolveMongod, resolveTemporal } from '../install/binaries.ts';
import type { ResolveOptions } from '../install/resolve-binary.ts';
import { formatVersion, seriesOf } from '../install/version.ts';
import { allOrNone } from '../processes/all-or-none.ts';
import { choosePorts, type Ports } from '../processes/chosen-ports.ts';
import { RunRecords } from '../processes/run-records.ts';
import { given } from '../processes/server-environment.ts';
import { Service, type ServiceSpec, type ServiceWatcher } from '../processes/service.ts';
import type { Say } from '../progress.ts';
import { kafkaBroker, kafkaSpec } from './kafka.ts';
import { dataSeriesOf, mongodSpec, mongodUri } from './mongod.ts';
import { temporalSpec } from './temporal.ts';

/** What every server is started with. */
export interface ServerContext {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  watcher: ServiceWatcher;
  signal: AbortSignal;
  /** Takes each service before it starts, so that the caller can stop it. */
  add: (service: Service) => void;
}

interface Mongod {
  service: Service;
  port: number;
}

interface Temporal {
  service: Service;
  address: string;
  uiUrl?: string;
  /** The path of Temporal's CLI. */
  cli: string;
}

/**
 * Starts mongod over `{dataDir}/mongo`.
 * @param testCommands enables MongoDB's test commands
 * @throws NoBinary, StartFailure
 */
export async function startMongod(
  context: ServerContext,
  port: number,
  testCommands?: boolean,
): Promise<Mongod> {
  const { dataDir } = context;
  const madeBy = keptServers(dataDir).madeBy.mongod;
  const { path, version } = await resolveMongod(resolveOptions(context, madeBy));
  const dbPath = join(dataDir, 'mongo');
  const log = logPath(dataDir, 'mongod');
  const spec = mongodSpec({ binary: path, dbPath, port, logPath: log, testCommands });
  const service = await startService(context, spec);
  keepMadeBy(dataDir, { mongod: await dataSeriesOf(port) });
  context.watcher.say(`mongod: ${formatVersion(version)} runs at 127.0.0.1:${port}`);
  return { service, port };
}

/**
 * Starts Temporal's server over `{dataDir}/temporal`.
 * @param inMemory keeps runs in memory, and starts no Web UI
 * @throws NoBinary, StartFailure
 */
export async function startTemporal(
  context: ServerContext,
  ports: Ports,
  inMemory = false,
): Promise<Temporal> {
  const { dataDir, env } = context;
  const madeBy = inMemory ? undefined : keptServers(dataDir).madeBy.temporal;
  const { path, version } = await resolveTemporal(resolveOptions(context, madeBy));
  const kept = { dbFile: join(dataDir, 'temporal', 'temporal.db'), uiPort: ports.temporalUi };
  const spec = temporalSpec({
    binary: path,
    port: ports.temporal,
    logPath: logPath(dataDir, 'temporal'),
    namespace: given(env, 'TEMPORAL_NAMESPACE') ?? 'default',
    ...(inMemory ? {} : kept),
  });
  // Before the start: the server may be killed after it has made its tables.
  if (!inMemory) keepMadeBy(dataDir, { temporal: seriesOf(version) });
  const service = await startService(context, spec);
  const address = `127.0.0.1:${ports.temporal}`;
  context.watcher.say(`temporal: ${formatVersion(version)} runs at ${address}`);
  const running = { service, address, cli: path };
  return inMemory ? running : { ...running, uiUrl: `http://127.0.0.1:${ports.temporalUi}` };
}

/** Starts Kafka's broker over `{dataDir}/kafka`. @throws NoBinary, StartFailure */
export async function startKafka(context: ServerContext, ports: Ports): Promise<Service> {
  const { dataDir, signal } = context;
  const madeBy = keptServers(dataDir).madeBy.kafka;
  const { path, version, java } = await resolveKafka(resolveOptions(context, madeBy));
  // The first version only: newer brokers keep writing its format, so that it can still read it.
  if (madeBy === undefined) keepMadeBy(dataDir, { kafka: seriesOf(version) });
  const options = {
    home: path,
    java,
    folder: join(dataDir, 'kafka'),
    port: ports.kafka,
    controllerPort: ports.kafkaController,
    logPath: logPath(dataDir, 'kafka'),
  };
  const service = await startService(context, await kafkaSpec(options, signal));
  context.watcher.say(`kafka: ${formatVersion(version)} runs at ${kafkaBroker(ports.kafka)}`);
  return service;
}

/** Starts one supervised service. @throws StartFailure */
export async function startService(context: ServerContext, spec: ServiceSpec): Promise<Service> {
  const service = new Service(spec, context.watcher);
  context.add(service);
  await service.start(context.signal);
  return service;
}

/** The path of a process's log. */
export function logPath(dataDir: string, name: string): string {
  return join(dataDir, 'logs', `${name}.log`);
}

function resolveOptions(context: ServerContext, madeBy: string | undefined): ResolveOptions {
  const { env, signal } = context;
  return { env, signal, say: context.watcher.say, madeBy };
}

/** Which servers to start. mongod and Temporal are on by default. */
export interface StartServersOptions {
  /** Their data folder. Leftover processes of an earlier run over it are stopped. */
  dataDir: string;
  mongod?: boolean;
  /** Enables MongoDB's test commands. */
  testCommands?: boolean;
  temporal?: boolean;
  /** Off by default. */
  kafka?: boolean;
  env?: NodeJS.ProcessEnv;
  say?: Say;
  signal?: AbortSignal;
}

/** Servers that are ready. */
export interface Servers {
  /** Without a database name. */
  mongodbUri: string;
  temporalAddress: string;
  kafkaBrokers: string[];
  mongod: Service | undefined;
  temporal: Service | undefined;
  /** Stops them, and releases the folder. */
  stop(): Promise<void>;
  /** Kills them at once. */
  kill(): void;
  /** Lets this process end while they run; they end with it. */
  unref(): void;
}

/**
 * Starts servers without our own processes, for tests: Temporal in memory, mongod and Kafka in `dataDir`.
 * @throws NoBinary, StartFailure, AlreadyRunning
 */
export async function startServers(options: StartServersOptions): Promise<Servers> {
  const { dataDir, env = process.env, say = () => {}, signal } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const records = new RunRecords(dataDir);
  records.claim();
  const services: Service[] = [];
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    records.release();
  };
  const watcher: ServiceWatcher = {
    say,
    onSpawned: (name, pid) => records.started(name, pid),
    onEnded: (name) => records.ended(name),
  };
  const add = (service: Service) => void services.push(service);
  try {
    await records.stopLeftovers(say);
    const ports = await choosePorts(dataDir, {});
    await allOrNone(signal ?? new AbortController().signal, (each) => {
      const context = { dataDir, env, watcher, add, signal: each };
      const { testCommands } = options;
      const mongod =
        options.mongod === false ? [] : [startMongod(context, ports.mongod, testCommands)];
      const temporal = options.temporal === false ? [] : [startTemporal(context, ports, true)];
      const kafka = options.kafka === true ? [startKafka(context, ports)] : [];
      return [...mongod, ...temporal, ...kafka];
    });
    return {
      mongodbUri: mongodUri(ports.mongod),
      temporalAddress: `127.0.0.1:${ports.temporal}`,
      kafkaBrokers: [kafkaBroker(ports.kafka)],
      mongod: services.find(({ name }) => name === 'mongod'),
      temporal: services.find(({ name }) => name === 'temporal'),
      stop,
      kill: () => {
        for (const service of services) service.kill();
      },
      unref: () => {
        for (const service of services) service.unref();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
