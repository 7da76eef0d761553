/** Kafka as one process that is broker and controller: KRaft, no ZooKeeper. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaEnvironment } from '../install/resolve-java.ts';
import { writeAtomically } from '../processes/atomic-file.ts';
import { byProbe } from '../processes/readiness.ts';
import { type ServiceSpec, StartFailure } from '../processes/service.ts';
import { reasonOf } from '../progress.ts';

interface KafkaOptions {
  /** The folder that holds `libs`. */
  home: string;
  java: string;
  /** The broker's folder in the data folder. */
  folder: string;
  port: number;
  controllerPort: number;
  logPath: string;
}

const NODE_ID = '1';

/** Longest start: after a kill the broker reads its whole log, and its old session must end. */
const READY_MS = 120_000;
/** Timeout of formatting, which starts a JVM. */
const FORMAT_TIMEOUT_MS = 120_000;

/** Little memory, and only the quick compiler: the full one takes a third of a start's CPU time. */
const JVM = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
];

/** For slf4j-simple in our own jars. An unpacked Kafka has another logger and logs errors only. */
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
];

/** For a single broker. Few partitions of internal topics: the default is 50, and each is a folder. */
const ALONE = {
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '4',
};

/** Less memory, threads and disk than the defaults. */
const MODEST = {
  'num.network.threads': '2',
  'num.io.threads': '4',
  // An eighth of the default.
  'log.cleaner.dedupe.buffer.size': '16777216',
  // Most bytes of one partition.
  'log.retention.bytes': '1073741824',
};

/** Shorter waits than the defaults. */
const QUICK = {
  'group.initial.rebalance.delay.ms': '0',
  // After a kill the broker may join again only when its old session has ended.
  'broker.session.timeout.ms': '5000',
  'broker.heartbeat.interval.ms': '500',
};

/** The address of our broker. */
export function kafkaBroker(port: number): string {
  return `127.0.0.1:${port}`;
}

/** Formats the folder if it is new, and returns how to run the broker over it. @throws StartFailure */
export async function kafkaSpec(options: KafkaOptions, signal: AbortSignal): Promise<ServiceSpec> {
  const { folder, port, logPath } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logDir = join(folder, 'logs');
  if (!existsSync(join(logDir, 'meta.properties'))) await format(options, logDir, signal);
  const properties = writeProperties(options, 'server.properties', logDir);
  return {
    name: 'kafka',
    command: {
      file: options.java,
      args: [...javaArgs(options), 'kafka.Kafka', properties],
      env: javaEnvironment(),
    },
    logPath,
    ready: byProbe((abort) => askForBroker(port, abort)),
    readyTimeoutMs: READY_MS,
    stopTimeoutMs: 5_000,
    attempts: 2,
  };
}

/**
 * Makes the log folder with the cluster's and the broker's ID in `meta.properties`. It is made under
 * another name and renamed, as a half-formatted folder could never be opened.
 */
async function format(options: KafkaOptions, logDir: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${logDir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const properties = writeProperties(options, 'format.properties', unfinished);
  const tool = ['kafka.tools.StorageTool', 'format', '--config', properties];
  await promisify(execFile)(
    options.java,
    [...javaArgs(options), ...tool, '--cluster-id', newClusterId()],
    { signal, timeout: FORMAT_TIMEOUT_MS, env: javaEnvironment() },
  ).catch((error: Error & { stderr?: string }) => {
    signal.throwIfAborted();
    const [why = reasonOf(error)] = error.stderr?.split('\n').filter((line) => line !== '') ?? [];
    throw new StartFailure(`kafka: ${unfinished} cannot be made: ${why}`);
  });
  rmSync(properties);
  renameSync(unfinished, logDir);
}

/** A cluster ID: 16 random bytes in base64url. Kafka rejects one that begins with a dash. */
function newClusterId(): string {
  const bytes = randomBytes(16);
  return bytes.toString('base64url').replace(/^-/, 'a');
}

function javaArgs({ home, folder }: KafkaOptions): string[] {
  // Without these the JVM leaves files in the working folder and in the temporary folder.
  const files = ['-XX:-UsePerfData', `-XX:ErrorFile=${join(folder, 'jvm-crash.log')}`];
  return [...JVM, ...files, ...LOGGING, '-cp', join(home, 'libs', '*')];
}

function writeProperties(options: KafkaOptions, name: string, logDir: string): string {
  const { folder, port, controllerPort } = options;
  const [broker, controller] = [kafkaBroker(port), kafkaBroker(controllerPort)];
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': NODE_ID,
    'controller.quorum.voters': `${NODE_ID}@${controller}`,
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    // Clients create the topics, with the partitions they need.
    'auto.create.topics.enable': 'false',
    'log.dirs': logDir,
    ...ALONE,
    ...MODEST,
    ...QUICK,
  };
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${escaped(value)}\n`);
  const path = join(folder, name);
  writeAtomically(path, lines.join(''));
  return path;
}

/** Escapes a value for java.util.Properties: backslashes and everything that is not ASCII. */
function escaped(value: string): string {
  return value.replace(/\\|[^\x20-\x7e]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Resolves if the controller has registered the broker, so that it can serve partitions. */
async function askForBroker(port: number, signal: AbortSignal): Promise<void> {
  // Only where there is a broker: to load it takes as long as all the rest.
  const { Admin } = await import('@platformatic/kafka');
  const admin = new Admin({
    clientId: 'laurel-local',
    bootstrapBrokers: [kafkaBroker(port)],
    retries: 0,
    connectTimeout: 1_000,
    timeout: 2_000,
  });
  const onAbort = () => void admin.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { brokers } = await admin.metadata({ topics: [] });
    if (brokers.size === 0) throw new Error('not let in yet');
  } finally {
    signal.removeEventListener('abort', onAbort);
    await admin.close();
  }
}
