/** mongod, Temporal's server and Kafka, found or installed, and kept running. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { resolveKafka, resolveMongod, resolveTemporal } from '../install/binaries.ts';
import type { ResolveOptions } from '../install/resolve-binary.ts';
import { formatVersion, seriesOf } from '../install/version.ts';
import { keepMadeBy, keptServers } from '../kept.ts';
import { choosePorts, type Ports } from '../processes/chosen-ports.ts';
import { given } from '../processes/environment.ts';
import { RunRecords } from '../processes/run-records.ts';
import { Service, type ServiceSpec, type ServiceWatcher } from '../processes/service.ts';
import { together } from '../processes/together.ts';
import type { Say } from '../progress.ts';
import { kafkaBroker, kafkaSpec } from './kafka.ts';
import { dataSeriesOf, mongodSpec, mongodUri } from './mongod.ts';
import { temporalSpec } from './temporal.ts';

export interface ServerContext {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  watcher: ServiceWatcher;
  signal: AbortSignal;
  /** Given each service before it starts, so that it can be stopped whatever happens. */
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
  /** The CLI's path. */
  cli: string;
}

/**
 * Brings up mongod over `{dataDir}/mongo`. @throws NoBinary, StartFailure
 * @param testCommands lets a test make commands fail
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
 * Brings up Temporal's server, with its data in `{dataDir}/temporal`, or `inMemory` and without the
 * Web UI. @throws NoBinary, StartFailure
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
  // Before the start: one that is killed in it has made its tables already.
  if (!inMemory) keepMadeBy(dataDir, { temporal: seriesOf(version) });
  const service = await startService(context, spec);
  const address = `127.0.0.1:${ports.temporal}`;
  context.watcher.say(`temporal: ${formatVersion(version)} runs at ${address}`);
  const running = { service, address, cli: path };
  return inMemory ? running : { ...running, uiUrl: `http://127.0.0.1:${ports.temporalUi}` };
}

/** Brings up Kafka's broker over `{dataDir}/kafka`. @throws NoBinary, StartFailure */
export async function startKafka(context: ServerContext, ports: Ports): Promise<Service> {
  const { dataDir, signal } = context;
  const madeBy = keptServers(dataDir).madeBy.kafka;
  const { path, version, java } = await resolveKafka(resolveOptions(context, madeBy));
  // A newer one goes on in the format of the first, which can still read it then.
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

/** Starts one service under the context's eyes. @throws StartFailure */
export async function startService(context: ServerContext, spec: ServiceSpec): Promise<Service> {
  const service = new Service(spec, context.watcher);
  context.add(service);
  await service.start(context.signal);
  return service;
}

export function logPath(dataDir: string, name: string): string {
  return join(dataDir, 'logs', `${name}.log`);
}

function resolveOptions(context: ServerContext, madeBy: string | undefined): ResolveOptions {
  const { env, signal } = context;
  return { env, signal, say: context.watcher.say, madeBy };
}

interface StartServersOptions {
  /** A folder of their own; leftovers of an earlier run over it are stopped. */
  dataDir: string;
  mongod?: boolean;
  /** Lets a test make mongod's commands fail. */
  testCommands?: boolean;
  temporal?: boolean;
  /** Only where it is asked for. */
  kafka?: boolean;
  env?: NodeJS.ProcessEnv;
  say?: Say;
  signal?: AbortSignal;
}

export interface Servers {
  /** Without a database's name. */
  mongodbUri: string;
  temporalAddress: string;
  kafkaBrokers: string[];
  mongod: Service | undefined;
  temporal: Service | undefined;
  /** Stops them, and lets go of the folder. */
  stop(): Promise<void>;
  /** Ends them at once. */
  kill(): void;
  /** Lets this process end though they run; they end with it. */
  unref(): void;
}

/**
 * The servers alone, for tests: Temporal's runs in memory, mongod and Kafka in `dataDir`.
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
    await together(signal ?? new AbortController().signal, (each) => {
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
