/** Kafka as one process that is broker and controller: KRaft, no ZooKeeper. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { javaEnvironment } from '../install/java.ts';
import { writeAtomically } from '../processes/atomic-file.ts';
import { byProbe } from '../processes/readiness.ts';
import { type ServiceSpec, StartFailure } from '../processes/service.ts';
import { reasonOf } from '../progress.ts';

interface KafkaOptions {
  /** The folder that holds `libs`. */
  home: string;
  java: string;
  /** Its own in the data folder. */
  folder: string;
  port: number;
  controllerPort: number;
  logPath: string;
}

const NODE_ID = '1';

/** After a kill its log is read through first, and its old session has to end. */
const READY_MS = 120_000;
const FORMAT_TIMEOUT_MS = 120_000;

/** A third of the work of a start goes into compiling well what then hardly runs. */
const JVM = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
];

/** For the slf4j-simple among our own jars; an unpacked Kafka brings another and says errors only. */
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
];

/** Every partition of the internal topics is a folder with files; the defaults are 50 each. */
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

const MODEST = {
  'num.network.threads': '2',
  'num.io.threads': '4',
  // An eighth of the default, a quarter of the heap.
  'log.cleaner.dedupe.buffer.size': '16777216',
  // A partition's records take no more of the disk than this.
  'log.retention.bytes': '1073741824',
};

const QUICK = {
  'group.initial.rebalance.delay.ms': '0',
  // One that was killed is let in again when its old session has ended.
  'broker.session.timeout.ms': '5000',
  'broker.heartbeat.interval.ms': '500',
};

/** The address of a broker of ours. */
export function kafkaBroker(port: number): string {
  return `127.0.0.1:${port}`;
}

/** Prepares the folder, once for good, and returns how the broker over it is run. @throws StartFailure */
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
 * Gives the log folder its cluster's and its own ID, which it keeps in `meta.properties`. It is made
 * elsewhere and moved, as a folder with half of them would never be opened.
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

/** 16 bytes in base64url; Kafka takes none that begin with a dash, as a shell would not. */
function newClusterId(): string {
  const bytes = randomBytes(16);
  return bytes.toString('base64url').replace(/^-/, 'a');
}

function javaArgs({ home, folder }: KafkaOptions): string[] {
  // Else the JVM leaves files where it was started, and in the system's folder for temporary ones.
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
    // Topics are made by those who use them, with the partitions they need.
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

/** As java.util.Properties reads it: Latin 1, with an escape for everything else. */
function escaped(value: string): string {
  return value.replace(/\\|[^\x20-\x7e]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Resolves if the broker is let in by its controller, so that it has partitions to serve. */
async function askForBroker(port: number, signal: AbortSignal): Promise<void> {
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
