/** The ports of a stack's servers: from the environment, else from the last run, else free ones. */
import { keepPorts, keptServers } from '../data-folder.ts';
import { freePort, isFree } from './ports.ts';
import { given } from './server-environment.ts';

export interface Ports {
  mongod: number;
  temporal: number;
  temporalUi: number;
  simulator: number;
  kafka: number;
  /** The port of the broker's own controller. */
  kafkaController: number;
  /** Where each of our processes shows its metrics. */
  apiMetrics: number;
  workerMetrics: number;
  streamsMetrics: number;
}

/** The variables that set a port. */
const VARIABLES: Partial<Record<keyof Ports, string>> = {
  mongod: 'MONGOD_PORT',
  temporal: 'TEMPORAL_PORT',
  temporalUi: 'TEMPORAL_UI_PORT',
  kafka: 'KAFKA_PORT',
  apiMetrics: 'METRICS_PORT',
};

const NAMES = [
  'mongod',
  'temporal',
  'temporalUi',
  'simulator',
  'kafka',
  'kafkaController',
  'apiMetrics',
  'workerMetrics',
  'streamsMetrics',
] as const;

/** A port that was set is not free. The message names it. */
export class PortTaken extends Error {}

/**
 * Chooses the ports, different from the API's `PORT`, and keeps them in the data folder, so that
 * addresses stay the same after a restart.
 * @throws PortTaken
 * @throws Error if a variable is not a port
 */
export async function choosePorts(dataDir: string, env: NodeJS.ProcessEnv): Promise<Ports> {
  const kept = keptServers(dataDir).ports;
  const taken = new Set([Number(given(env, 'PORT'))]);
  const ports: Partial<Ports> = {};
  for (const name of NAMES) {
    const port = (await setPort(env, VARIABLES[name])) ?? (await lastPort(kept[name], taken));
    ports[name] = port ?? (await freePort(taken));
    taken.add(ports[name]);
  }
  keepPorts(dataDir, ports);
  return ports as Ports;
}

async function setPort(env: NodeJS.ProcessEnv, variable = ''): Promise<number | undefined> {
  const text = given(env, variable);
  const isAny = text === '0' && variable === VARIABLES.apiMetrics;
  if (text === undefined || isAny) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`${variable} is ${text}, which is no port`);
  }
  if (!(await isFree(port))) throw new PortTaken(`${variable} is ${port}, which is taken.`);
  return port;
}

async function lastPort(
  port: number | undefined,
  taken: ReadonlySet<number>,
): Promise<number | undefined> {
  if (port === undefined || taken.has(port)) return undefined;
  return (await isFree(port)) ? port : undefined;
}
