/** What a chaos run runs: the servers, the game, two APIs and two workers, each a process to be killed. */
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keptSecrets } from '../../local/data-folder.ts';
import { choosePorts } from '../../local/processes/chosen-ports.ts';
import { serverEnvironment } from '../../local/processes/server-environment.ts';
import { freePort } from '../../local/processes/ports.ts';
import { signalProcess } from '../../local/processes/process-identity.ts';
import { byHttp, byLine } from '../../local/processes/readiness.ts';
import { RunRecords } from '../../local/processes/run-records.ts';
import type { Service, ServiceSpec } from '../../local/processes/service.ts';
import { together } from '../../local/processes/all-or-none.ts';
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

/** Impatient, so that a minute holds many endings; who is signed in is not what is tried here. */
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

const READY_MS = 120_000;
const PATIENCE_MS = 10_000;
const POLL_MS = 50;
const STOP_MS = 6_000;

/** Those who write are stopped before those who are written to. */
const STOP_ORDER = [OWN_PROCESSES, ['temporal', 'simulator'], ['mongod']];

export interface ChaosStack {
  /** Where the APIs listen, as a load balancer in front of them would know. */
  apiUrls: string[];
  gameUrl: string;
  admin: { username: string; password: string };
  /** Straight to the server, past every wire. */
  mongodbUri: string;
  temporalAddress: string;
  wires: Wires;
  /** Resolves once the process has been ready for so long, or after ten seconds at most. */
  untilReadyFor(name: ProcessName, ms: number): Promise<void>;
  /** The ID of the process that runs under the name now; undefined where there is none. */
  pid(name: ProcessName): number | undefined;
  /** Sends a signal; the process's ID, or undefined where there is none to be hit now. */
  signal(name: ProcessName, signal: NodeJS.Signals): number | undefined;
  stop(): Promise<void>;
}

/**
 * Brings everything up over a data folder laid out as `npm start` does it, so that this can be
 * started over what a run left. @throws NoBinary, StartFailure
 */
export async function startChaosStack(
  dataDir: string,
  say: Say,
  signal: AbortSignal,
): Promise<ChaosStack> {
  const records = new RunRecords(dataDir);
  records.claim();
  const services = new Map<string, Service>();
  const readyAtMs = new Map<string, number>();
  const contextFor = (each: AbortSignal): ServerContext => ({
    dataDir,
    env: process.env,
    watcher: {
      say,
      onSpawned: (name, pid) => records.started(name, pid),
      onReady: (name) => void readyAtMs.set(name, performance.now()),
      onEnded: (name) => {
        readyAtMs.delete(name);
        records.ended(name);
      },
    },
    signal: each,
    add: (service) => void services.set(service.name, service),
  });
  let wires: Wires | undefined;
  const stop = async () => {
    for (const names of STOP_ORDER) {
      await Promise.all(names.map((name) => stopped(services.get(name))));
    }
    await wires?.close();
    records.release();
  };

  try {
    const ports = await choosePorts(dataDir, {});
    const secrets = await keptSecrets(dataDir);
    const env = { ...serverEnvironment(), ...SETTINGS };
    const settings = stackSettings(env, dataDir, ports, secrets, await freePort());
    await together(signal, (each) => [
      startMongod(contextFor(each), ports.mongod),
      startTemporal(contextFor(each), ports),
      startService(contextFor(each), gameSpec(settings, ports.simulator, dataDir)),
    ]);
    wires = await createWires(ports);
    const { addressOf } = wires;
    const apiPorts: Partial<Record<OwnProcess, number>> = {
      'api-1': settings.api.port,
      'api-2': await freePort(),
    };
    const own = (name: OwnProcess) => ownSpec(name, { settings, dataDir, addressOf, apiPorts });
    await together(signal, (each) =>
      OWN_PROCESSES.map((name) => startService(contextFor(each), own(name))),
    );
    return {
      apiUrls: Object.values(apiPorts).map((port) => `http://127.0.0.1:${port}`),
      gameUrl: settings.simulator.url,
      admin: settings.admin,
      mongodbUri: mongodUri(ports.mongod, DATABASE),
      temporalAddress: `127.0.0.1:${ports.temporal}`,
      wires,
      async untilReadyFor(name, ms) {
        const isReady = () => performance.now() - (readyAtMs.get(name) ?? Infinity) >= ms;
        const lateAtMs = performance.now() + PATIENCE_MS;
        while (!isReady() && performance.now() < lateAtMs) await sleep(POLL_MS);
      },
      pid: (name) => services.get(name)?.pid,
      signal(name, signal) {
        const pid = services.get(name)?.pid;
        return pid !== undefined && signalProcess(pid, signal) ? pid : undefined;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One that is frozen hears no SIGTERM before it is thawed. */
async function stopped(service: Service | undefined): Promise<void> {
  if (service?.pid !== undefined) signalProcess(service.pid, 'SIGCONT');
  await service?.stop();
}

interface Surroundings {
  settings: Settings;
  dataDir: string;
  addressOf: Wires['addressOf'];
  /** Those that are no API have none. */
  apiPorts: Partial<Record<OwnProcess, number>>;
}

function ownSpec(
  name: OwnProcess,
  { settings, dataDir, addressOf, apiPorts }: Surroundings,
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
