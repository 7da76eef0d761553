/** The processes of a chaos run: servers, the game, two APIs and two workers. Each can be killed. */
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keptSecrets } from '../../local/data-folder.ts';
import { allOrNone } from '../../local/processes/all-or-none.ts';
import { choosePorts } from '../../local/processes/chosen-ports.ts';
import { freePort } from '../../local/processes/ports.ts';
import { signalProcess } from '../../local/processes/process-identity.ts';
import { byHttp, byLine } from '../../local/processes/readiness.ts';
import { RunRecords } from '../../local/processes/run-records.ts';
import { serverEnvironment } from '../../local/processes/server-environment.ts';
import type { Service, ServiceSpec } from '../../local/processes/service.ts';
import type { Say } from '../../local/progress.ts';
import { mongodUri } from '../../local/servers/mongod.ts';
import {
  logPath,
  type ServerContext,
  startMongod,
  startService,
  startTemporal,
} from '../../local/servers/start-servers.ts';
import { type Settings, stackSettings } from '../../local/settings.ts';
import { OWN_PROCESSES, type OwnProcess, type ProcessName } from './plan.ts';
import { createWires, type Wires } from './wires.ts';

/** Short timeouts, so that many claims end in a minute. Tokens outlive the run: sign-in is not tested. */
const SETTINGS = {
  RATE_LIMITS: 'off',
  ACCESS_TOKEN_TTL_S: '86400',
  RECONCILE_INTERVAL_MS: '3000',
  FULFILLMENT_TIMEOUT_MS: '2000',
  FULFILLMENT_INITIAL_INTERVAL_MS: '200',
  FULFILLMENT_MAX_ATTEMPTS: '3',
  FULFILLMENT_PENDING_TIMEOUT_MS: '4000',
};

const DATABASE = 'laurel';
const ROOT = resolve(import.meta.dirname, '../..');

/** How long our processes may take to start: the worker may bundle its workflows first. */
const READY_MS = 120_000;
/** Longest wait of `untilReadyFor`. */
const PATIENCE_MS = 10_000;
const POLL_MS = 50;
/** From SIGTERM to SIGKILL. */
const STOP_MS = 6_000;

/** Processes that write are stopped before the servers they write to. */
const STOP_ORDER = [OWN_PROCESSES, ['temporal', 'simulator'], ['mongod']];

export interface ChaosStack {
  /** Where the APIs listen. Clients balance between them. */
  apiUrls: string[];
  gameUrl: string;
  admin: { username: string; password: string };
  /** Of the server itself, not of a wire. */
  mongodbUri: string;
  temporalAddress: string;
  wires: Wires;
  /** Resolves once the process was ready for `ms`, or after ten seconds. */
  untilReadyFor(name: ProcessName, ms: number): Promise<void>;
  /** The ID of the process that runs under the name now. Undefined if none does. */
  pid(name: ProcessName): number | undefined;
  /** Sends a signal. Returns the process's ID, or undefined if it does not run. */
  signal(name: ProcessName, signal: NodeJS.Signals): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts everything. The data folder is laid out as `npm start` does it, so that `npm start` can be
 * run over what a chaos run left.
 * @throws NoBinary, StartFailure
 */
export async function startChaosStack(
  dataDir: string,
  say: Say,
  signal: AbortSignal,
): Promise<ChaosStack> {
  const processes = new Processes(dataDir, say);
  let wires: Wires | undefined;
  const stop = async () => {
    await processes.stop();
    await wires?.close();
    processes.releaseFolder();
  };
  try {
    const ports = await choosePorts(dataDir, {});
    const secrets = await keptSecrets(dataDir);
    const env = { ...serverEnvironment(), ...SETTINGS };
    const settings = stackSettings(env, dataDir, ports, secrets, await freePort());
    await allOrNone(signal, (each) => {
      const context = processes.context(each);
      return [
        startMongod(context, ports.mongod),
        startTemporal(context, ports),
        startService(context, gameSpec(settings, ports.simulator, dataDir)),
      ];
    });
    wires = await createWires(ports);
    const { addressOf } = wires;
    const apiPorts: Partial<Record<OwnProcess, number>> = {
      'api-1': settings.api.port,
      'api-2': await freePort(),
    };
    const own = (name: OwnProcess) => ownSpec(name, { settings, dataDir, addressOf, apiPorts });
    await allOrNone(signal, (each) =>
      OWN_PROCESSES.map((name) => startService(processes.context(each), own(name))),
    );
    return {
      apiUrls: Object.values(apiPorts).map((port) => `http://127.0.0.1:${port}`),
      gameUrl: settings.simulator.url,
      admin: settings.admin,
      mongodbUri: mongodUri(ports.mongod, DATABASE),
      temporalAddress: `127.0.0.1:${ports.temporal}`,
      wires,
      untilReadyFor: (name, ms) => processes.untilReadyFor(name, ms),
      pid: (name) => processes.pid(name),
      signal: (name, kind) => processes.signal(name, kind),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The processes over one data folder, by name, and since when each is ready. */
class Processes {
  readonly #dataDir: string;
  readonly #say: Say;
  readonly #records: RunRecords;
  readonly #services = new Map<string, Service>();
  readonly #readyAtMs = new Map<string, number>();

  /** Takes the data folder for this process. @throws AlreadyRunning */
  constructor(dataDir: string, say: Say) {
    this.#dataDir = dataDir;
    this.#say = say;
    this.#records = new RunRecords(dataDir);
    this.#records.claim();
  }

  /** What a server or process is started with. */
  context(signal: AbortSignal): ServerContext {
    return {
      dataDir: this.#dataDir,
      env: process.env,
      watcher: {
        say: this.#say,
        onSpawned: (name, pid) => this.#records.started(name, pid),
        onReady: (name) => void this.#readyAtMs.set(name, performance.now()),
        onEnded: (name) => {
          this.#readyAtMs.delete(name);
          this.#records.ended(name);
        },
      },
      signal,
      add: (service) => void this.#services.set(service.name, service),
    };
  }

  async untilReadyFor(name: ProcessName, ms: number): Promise<void> {
    const isReady = () => performance.now() - (this.#readyAtMs.get(name) ?? Infinity) >= ms;
    const lateAtMs = performance.now() + PATIENCE_MS;
    while (!isReady() && performance.now() < lateAtMs) await sleep(POLL_MS);
  }

  pid(name: ProcessName): number | undefined {
    return this.#services.get(name)?.pid;
  }

  signal(name: ProcessName, signal: NodeJS.Signals): number | undefined {
    const pid = this.pid(name);
    return pid !== undefined && signalProcess(pid, signal) ? pid : undefined;
  }

  /** Stops every process in order. */
  async stop(): Promise<void> {
    for (const names of STOP_ORDER) {
      await Promise.all(names.map((name) => stopService(this.#services.get(name))));
    }
  }

  releaseFolder(): void {
    this.#records.release();
  }
}

/** Stops one process. A frozen one is thawed first, as it would not see SIGTERM. */
async function stopService(service: Service | undefined): Promise<void> {
  if (service?.pid !== undefined) signalProcess(service.pid, 'SIGCONT');
  await service?.stop();
}

/** What the settings of our own processes depend on. */
interface OwnSpecContext {
  settings: Settings;
  dataDir: string;
  addressOf: Wires['addressOf'];
  /** Workers have none. */
  apiPorts: Partial<Record<OwnProcess, number>>;
}

function ownSpec(
  name: OwnProcess,
  { settings, dataDir, addressOf, apiPorts }: OwnSpecContext,
): ServiceSpec {
  const mongod = addressOf(name, 'mongod');
  const port = apiPorts[name];
  const isApi = port !== undefined;
  const env = {
    ...settings.env,
    ...(isApi && { PORT: String(port) }),
    MONGODB_URI: settings.mongodbUri.replace(/127\.0\.0\.1:\d+/, mongod),
    TEMPORAL_ADDRESS: addressOf(name, 'temporal'),
  };
  const script = join(ROOT, isApi ? 'api' : 'worker', 'main.ts');
  return {
    name,
    command: { file: process.execPath, args: [script], env },
    logPath: logPath(dataDir, name),
    ready: isApi ? byHttp(`http://127.0.0.1:${port}/readyz`) : byLine('"msg":"worker ready"'),
    readyTimeoutMs: READY_MS,
    stopTimeoutMs: STOP_MS,
  };
}

function gameSpec({ api, simulator }: Settings, port: number, dataDir: string): ServiceSpec {
  const env = {
    ...serverEnvironment(),
    PORT: String(port),
    DATA_DIR: join(dataDir, 'simulator'),
    SECRET: simulator.secret,
    CALLBACK_URL: `${api.url}/api/provider-callbacks/simulator`,
  };
  return {
    name: 'simulator',
    command: {
      file: process.execPath,
      args: [join(ROOT, 'local/simulator/simulator-main.ts')],
      env,
    },
    logPath: logPath(dataDir, 'simulator'),
    ready: byHttp(`${simulator.url}/healthz`),
    readyTimeoutMs: READY_MS,
    stopTimeoutMs: STOP_MS,
  };
}
