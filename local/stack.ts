/** The whole stack: servers, simulator, API, worker and streams, as processes under one supervisor. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { STOP_AFTER_DRAIN_MS } from '../api/server/draining.ts';
import { keptSecrets } from './data-folder.ts';
import { allOrNone } from './processes/all-or-none.ts';
import { choosePorts, type Ports, PortTaken } from './processes/chosen-ports.ts';
import { freePort, isFree } from './processes/ports.ts';
import { byHttp, byLine } from './processes/readiness.ts';
import { RunRecords } from './processes/run-records.ts';
import { given, serverEnvironment } from './processes/server-environment.ts';
import type { Service, ServiceSpec, ServiceWatcher } from './processes/service.ts';
import { createEcho } from './processes/warning-echo.ts';
import type { Say } from './progress.ts';
import {
  logPath,
  type ServerContext,
  startKafka,
  startMongod,
  startService,
  startTemporal,
} from './servers/start-servers.ts';
import { type MeasuredProcess, type Settings, stackSettings } from './settings.ts';
import { removeStackFile, type StackFile, writeStackFile } from './stack-file.ts';

interface StackOptions {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Takes lines of progress. */
  say: Say;
  /** Takes warnings of our own processes. */
  warn: Say;
  /** Aborts a start. */
  signal: AbortSignal;
  /** Other scripts for our own processes, for tests. */
  scripts?: Scripts;
}

/** The entry points of our own processes. */
export interface Scripts {
  api: string;
  worker: string;
  /** Runs only with Kafka. */
  streams: string;
  simulator: string;
}

const ROOT = resolve(import.meta.dirname, '..');
const SCRIPTS: Scripts = {
  api: join(ROOT, 'api', 'main.ts'),
  worker: join(ROOT, 'worker', 'main.ts'),
  streams: join(ROOT, 'streams', 'main.ts'),
  simulator: join(ROOT, 'local/simulator/simulator-main.ts'),
};

/**
 * Node's options of a process. The worker's young generations stay small: what a claim allocates is
 * soon garbage, and with Node's default its threads keep 200 MiB more (`docs/performance.md`).
 */
const NODE_OPTIONS: Partial<Record<keyof Scripts, string[]>> = {
  worker: ['--max-semi-space-size=4'],
};

/** What they log once they are ready. They have no HTTP port to ask. */
const WORKER_READY = '"msg":"worker ready"';
const STREAMS_READY = '"msg":"streams ready"';

/**
 * The order of stopping: processes that write before those that they write to. It takes at most
 * 7 + 5 + 3 + 5 seconds, and `DRAIN_S`, which is 0 by default.
 */
const STOP_ORDER = [['api'], ['worker', 'streams'], ['temporal', 'simulator'], ['mongod', 'kafka']];
/** From SIGTERM to SIGKILL. */
const WORKER_STOP_MS = 5_000;
const STREAMS_STOP_MS = 5_000;
const SIMULATOR_STOP_MS = 3_000;

/** Longest starts. The worker may have to bundle the workflow code first. */
const WORKER_READY_MS = 120_000;
const READY_MS = 60_000;

/** One stack over one data folder. Start it once. */
export class Stack {
  readonly #options: StackOptions;
  readonly #dataDir: string;
  readonly #scripts: Scripts;
  readonly #records: RunRecords;
  readonly #echo: ReturnType<typeof createEcho>;
  readonly #services = new Map<string, Service>();
  /** The IDs of processes that were ready last, by name. */
  readonly #readyPids = new Map<string, number>();
  #settings: Settings | undefined;
  #cli: string | undefined;
  #isReady = false;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#dataDir = resolve(options.dataDir);
    this.#scripts = options.scripts ?? SCRIPTS;
    this.#echo = createEcho(options.warn);
    mkdirSync(this.#dataDir, { recursive: true, mode: 0o700 });
    this.#records = new RunRecords(this.#dataDir);
  }

  /**
   * Starts everything, and resolves with the content of `stack.json`. If it fails, everything is
   * stopped.
   * @throws AlreadyRunning, PortTaken, ConfigError, NoBinary, StartFailure
   */
  async start(): Promise<StackFile> {
    this.#records.claim();
    try {
      await this.#bringUp();
    } catch (error) {
      await this.stop().catch((failure: unknown) => {
        this.#options.warn(`the stack could not be stopped: ${failure}`);
      });
      throw error;
    }
    this.#isReady = true;
    return this.#writeFile();
  }

  /** Stops everything in order, within 20 seconds plus `DRAIN_S`. Does nothing without the folder's lock. */
  async stop(): Promise<void> {
    if (!this.#records.isHeld) return;
    this.#isReady = false;
    removeStackFile(this.#dataDir);
    for (const names of STOP_ORDER) {
      await Promise.all(names.map((name) => this.#services.get(name)?.stop()));
    }
    this.#records.release();
  }

  /** Restarts one process of a stack that is up; does nothing where the stack does not run it. */
  restart(name: keyof Scripts): void {
    this.#services.get(name)?.restart();
  }

  /** Kills every process at once. */
  kill(): void {
    if (!this.#records.isHeld) return;
    removeStackFile(this.#dataDir);
    for (const service of this.#services.values()) service.kill();
    this.#records.release();
  }

  async #bringUp(): Promise<void> {
    const { env, say, signal } = this.#options;
    removeStackFile(this.#dataDir);
    say(`starting the stack over ${this.#dataDir}`);
    await this.#records.stopLeftovers(say);
    const ports = await choosePorts(this.#dataDir, env);
    const secrets = await keptSecrets(this.#dataDir);
    const apiPort =
      given(env, 'PORT') === '0' ? await freePort() : Number(given(env, 'PORT') ?? 3000);
    const settings = stackSettings(env, this.#dataDir, ports, secrets, apiPort);
    this.#settings = settings;
    await refuseTaken(settings.api);
    await allOrNone(signal, (each) => this.#startServers(settings, ports, this.#context(each)));
    const hasStreams = settings.kafkaBrokers.length > 0;
    say(hasStreams ? 'starting API, worker and streams' : 'starting API and worker');
    await allOrNone(signal, (each) => [
      startService(this.#context(each), this.#apiSpec(settings)),
      startService(this.#context(each), this.#workerSpec(settings)),
      ...(hasStreams ? [startService(this.#context(each), this.#streamsSpec(settings))] : []),
    ]);
  }

  #startServers(settings: Settings, ports: Ports, context: ServerContext): Promise<unknown>[] {
    const { mongod, temporal, simulator, kafka } = settings.embedded;
    const keepCli = (cli: string) => {
      this.#cli = cli;
    };
    return [
      ...(mongod ? [startMongod(context, ports.mongod)] : []),
      ...(temporal ? [startTemporal(context, ports).then(({ cli }) => keepCli(cli))] : []),
      ...(kafka ? [startKafka(context, ports)] : []),
      ...(simulator ? [startService(context, this.#simulatorSpec(settings, ports))] : []),
    ];
  }

  #context(signal: AbortSignal): ServerContext {
    const { env, say } = this.#options;
    const watcher: ServiceWatcher = {
      say,
      onSpawned: (name, pid) => this.#records.started(name, pid),
      onEnded: (name) => this.#records.ended(name),
      onReady: (name, pid) => this.#noteReady(name, pid),
      onLine: (name, line) => {
        if (name in this.#scripts) this.#echo(name, line);
      },
    };
    const add = (service: Service) => void this.#services.set(service.name, service);
    return { dataDir: this.#dataDir, env, watcher, signal, add };
  }

  #noteReady(name: string, pid: number): void {
    this.#readyPids.set(name, pid);
    if (this.#isReady) this.#writeFile();
  }

  #writeFile(): StackFile {
    const file = this.#describe();
    writeStackFile(this.#dataDir, file);
    return file;
  }

  #describe(): StackFile {
    const { embedded, api, simulator, metrics, ...settings } = this.#settings as Settings;
    const { mongodbUri, kafkaBrokers, kafkaPrefix } = settings;
    const pid = (name: string) => this.#readyPid(name);
    const own = (name: MeasuredProcess) => ({
      pid: pid(name),
      metricsUrl: metrics[name].url,
    });
    return {
      supervisor: { pid: process.pid },
      api: { ...own('api'), url: api.url },
      worker: own('worker'),
      ...(kafkaBrokers.length > 0 ? { streams: own('streams') } : {}),
      mongod: { ...(embedded.mongod ? { pid: pid('mongod') } : {}), uri: mongodbUri },
      temporal: {
        ...(embedded.temporal ? { pid: pid('temporal') } : {}),
        address: settings.temporalAddress,
        ...(settings.temporalUiUrl === undefined ? {} : { uiUrl: settings.temporalUiUrl }),
        ...(this.#cli === undefined ? {} : { cli: this.#cli }),
      },
      ...(kafkaBrokers.length > 0
        ? {
            kafka: {
              ...(embedded.kafka ? { pid: pid('kafka') } : {}),
              brokers: kafkaBrokers,
              ...(kafkaPrefix === '' ? {} : { prefix: kafkaPrefix }),
            },
          }
        : {}),
      ...(embedded.simulator ? { simulator: { pid: pid('simulator'), ...simulator } } : {}),
      admin: settings.admin,
    };
  }

  #readyPid(name: string): number {
    const pid = this.#readyPids.get(name);
    if (pid === undefined) throw new Error(`${name} was never ready`);
    return pid;
  }

  #apiSpec(settings: Settings): ServiceSpec {
    const { api } = settings;
    return {
      ...this.#ownProcess('api', withMetrics('api', settings)),
      ready: byHttp(`${api.url}/readyz`),
      readyTimeoutMs: READY_MS,
      stopTimeoutMs: STOP_AFTER_DRAIN_MS + api.drainMs,
    };
  }

  #workerSpec(settings: Settings): ServiceSpec {
    return {
      ...this.#ownProcess('worker', withMetrics('worker', settings)),
      ready: byLine(WORKER_READY),
      readyTimeoutMs: WORKER_READY_MS,
      stopTimeoutMs: WORKER_STOP_MS,
    };
  }

  #streamsSpec(settings: Settings): ServiceSpec {
    return {
      ...this.#ownProcess('streams', withMetrics('streams', settings)),
      ready: byLine(STREAMS_READY),
      readyTimeoutMs: READY_MS,
      stopTimeoutMs: STREAMS_STOP_MS,
    };
  }

  #simulatorSpec({ api, simulator }: Settings, ports: Ports): ServiceSpec {
    const dataDir = join(this.#dataDir, 'simulator');
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const env = {
      ...serverEnvironment(),
      PORT: String(ports.simulator),
      DATA_DIR: dataDir,
      SECRET: simulator.secret,
      CALLBACK_URL: `${api.url}/api/provider-callbacks/simulator`,
    };
    return {
      ...this.#ownProcess('simulator', env),
      ready: byHttp(`${simulator.url}/healthz`),
      readyTimeoutMs: READY_MS,
      stopTimeoutMs: SIMULATOR_STOP_MS,
    };
  }

  #ownProcess(
    name: keyof Scripts,
    env: NodeJS.ProcessEnv,
  ): Pick<ServiceSpec, 'name' | 'command' | 'logPath'> {
    const args = [...(NODE_OPTIONS[name] ?? []), this.#scripts[name]];
    const command = { file: process.execPath, args, env };
    return { name, command, logPath: logPath(this.#dataDir, name) };
  }
}

/** The environment of a process that shows its metrics on a port of its own. */
function withMetrics(name: MeasuredProcess, { env, metrics }: Settings): NodeJS.ProcessEnv {
  return { ...env, METRICS_PORT: String(metrics[name].port) };
}

/** Checks the API's port early, before anything is started. @throws PortTaken */
async function refuseTaken({ host, port }: Settings['api']): Promise<void> {
  if (await isFree(port, host)) return;
  throw new PortTaken(
    `Port ${port} is taken. Set PORT to another one, or to 0 for any that is free.`,
  );
}
