/** A stack's settings, from the environment and the data folder: which servers it runs, and how. */
import { resolve } from 'node:path';
import { ownUrl } from '../api/server/own-url.ts';
import { apiConfig, ConfigError, streamsConfig, workerConfig } from '../process/config.ts';
import type { KeptSecrets } from './data-folder.ts';
import type { Ports } from './processes/chosen-ports.ts';
import { given } from './processes/server-environment.ts';
import { kafkaBroker } from './servers/kafka.ts';
import { mongodUri } from './servers/mongod.ts';

export interface Settings {
  /** Which servers the stack runs itself. */
  embedded: { mongod: boolean; temporal: boolean; simulator: boolean; kafka: boolean };
  mongodbUri: string;
  temporalAddress: string;
  temporalUiUrl: string | undefined;
  /** Empty without Kafka. */
  kafkaBrokers: string[];
  /** Prefix of the topics' names. */
  kafkaPrefix: string;
  admin: { username: string; password: string };
  /** `drainMs`: how long it goes on serving after SIGTERM. */
  api: { host: string; port: number; url: string; drainMs: number };
  simulator: { url: string; secret: string };
  /** Where each process shows its metrics. */
  metrics: Record<MeasuredProcess, { port: number; url: string }>;
  /** The environment of API, worker and streams, but for their `METRICS_PORT`. */
  env: NodeJS.ProcessEnv;
}

/** Our processes that have metrics. */
export type MeasuredProcess = 'api' | 'worker' | 'streams';

const DATABASE = 'laurel';

/** The simulator's name as a provider. */
const SIMULATOR = 'simulator';

/**
 * The settings of a stack: the environment, with defaults for what is missing.
 * @param apiPort the API's port, also if `PORT` is 0
 * @throws ConfigError that names every wrong variable
 */
export function stackSettings(
  env: NodeJS.ProcessEnv,
  dataDir: string,
  ports: Ports,
  secrets: KeptSecrets,
  apiPort: number,
): Settings {
  const embedded = {
    mongod: given(env, 'MONGODB_URI') === undefined,
    temporal: given(env, 'TEMPORAL_ADDRESS') === undefined,
    simulator: given(env, 'PROVIDERS') === undefined,
    kafka: wantsKafka(env) && given(env, 'KAFKA_BROKERS') === undefined,
  };
  const simulator = {
    url: `http://127.0.0.1:${ports.simulator}`,
    secret: secrets.simulatorSecret,
  };
  const filled: NodeJS.ProcessEnv = {
    ...embeddedAddresses(embedded, ports),
    ADMIN_PASSWORD: secrets.adminPassword,
    JWT_KEYS: secrets.jwtKeys,
    ...(secrets.encryptionKeys && { ENCRYPTION_KEYS: secrets.encryptionKeys }),
    PROVIDERS: JSON.stringify({
      [SIMULATOR]: { baseUrl: simulator.url, secret: simulator.secret },
    }),
    ...withoutEmpty(env),
    PORT: String(apiPort),
    DATA_DIR: resolve(dataDir),
  };
  // Each process gets one of its own.
  delete filled.METRICS_PORT;
  if (embedded.temporal) dropCredentials(filled);
  const config = apiConfig(filled);
  workerConfig(filled);
  const streams = filled.KAFKA_BROKERS === undefined ? undefined : streamsConfig(filled);
  return {
    embedded,
    mongodbUri: config.MONGODB_URI,
    temporalAddress: config.TEMPORAL_ADDRESS,
    temporalUiUrl: config.TEMPORAL_UI_URL,
    kafkaBrokers: streams?.KAFKA_BROKERS ?? [],
    kafkaPrefix: streams?.KAFKA_PREFIX ?? '',
    admin: { username: config.ADMIN_USERNAME, password: config.ADMIN_PASSWORD },
    api: {
      host: config.HOST,
      port: config.PORT,
      url: ownUrl(config),
      drainMs: config.DRAIN_S * 1_000,
    },
    simulator,
    metrics: {
      api: metricsAt(config.HOST, ports.apiMetrics),
      worker: metricsAt(config.HOST, ports.workerMetrics),
      streams: metricsAt(config.HOST, ports.streamsMetrics),
    },
    env: filled,
  };
}

const metricsAt = (HOST: string, port: number) => ({
  port,
  url: `${ownUrl({ HOST, PORT: port })}/metrics`,
});

function embeddedAddresses(embedded: Settings['embedded'], ports: Ports): NodeJS.ProcessEnv {
  return {
    ...(embedded.mongod ? { MONGODB_URI: mongodUri(ports.mongod, DATABASE) } : {}),
    ...(embedded.temporal
      ? {
          TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
          TEMPORAL_UI_URL: `http://127.0.0.1:${ports.temporalUi}`,
        }
      : {}),
    ...(embedded.kafka ? { KAFKA_BROKERS: kafkaBroker(ports.kafka) } : {}),
  };
}

/** Whether to run a broker. Not by default, as it takes seconds and memory. @throws ConfigError */
function wantsKafka(env: NodeJS.ProcessEnv): boolean {
  const text = given(env, 'EMBEDDED_KAFKA') ?? '0';
  if (text !== '0' && text !== '1') {
    throw new ConfigError(`EMBEDDED_KAFKA is ${text}; 1 runs a broker, 0 none.`);
  }
  return text === '1';
}

function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

/** Removes credentials for another Temporal server: the embedded one uses neither TLS nor keys. */
function dropCredentials(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (name === 'TEMPORAL_API_KEY' || name.startsWith('TEMPORAL_TLS_')) delete env[name];
  }
}
