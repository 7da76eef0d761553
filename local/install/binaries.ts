/** The binaries of the local stack's servers, and the versions that can be used. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { mongodSources, temporalSources } from './binary-sources.ts';
import { kafkaSources } from './kafka-sources.ts';
import {
  type Binary,
  executable,
  type Kind,
  type ResolveOptions,
  resolveBinary,
} from './resolve-binary.ts';
import { javaEnvironment, resolveJava } from './resolve-java.ts';
import { atLeast, parseVersion, seriesOf, type Version } from './version.ts';

/** Finds or installs a mongod of 6.0 or newer. @throws NoBinary */
export async function resolveMongod(options: ResolveOptions): Promise<Binary> {
  const kind: Kind = {
    name: 'mongod',
    binaryVariable: 'MONGOD_BINARY',
    versionPattern: /^db version v(\S+)/m,
    refusal: mongodRefusal,
    sources: options.sources ?? mongodSources(),
    instead:
      'Give the address of a replica set in MONGODB_URI, or the path of a mongod (6.0 or newer) in ' +
      'MONGOD_BINARY, or put one on PATH.',
  };
  return await resolveBinary(kind, options);
}

/** Finds or installs Temporal's CLI with a server of 1.29 or newer. @throws NoBinary */
export async function resolveTemporal(options: ResolveOptions): Promise<Binary> {
  const kind: Kind = {
    name: 'temporal',
    binaryVariable: 'TEMPORAL_CLI',
    versionPattern: /Server (\d[^,)\s]*)/,
    refusal: temporalRefusal,
    sources: options.sources ?? temporalSources(),
    instead:
      "Give a server's address in TEMPORAL_ADDRESS, or the path of Temporal's CLI (1.5 or newer) in " +
      'TEMPORAL_CLI, or put it on PATH.',
  };
  return await resolveBinary(kind, options);
}

/** `path` is Kafka's home: the folder that holds `libs`. */
interface KafkaBinary extends Binary {
  /** The path of the `java` that runs it. */
  java: string;
}

/** Finds or installs Kafka of 4.1 or newer, and the Java for it. @throws NoBinary */
export async function resolveKafka(options: ResolveOptions): Promise<KafkaBinary> {
  const java = await resolveJava(options);
  const kind: Kind = {
    name: 'kafka',
    binaryVariable: 'KAFKA_HOME',
    versionCommand: (home) => ({
      file: java,
      args: ['-cp', join(home, 'libs', '*'), 'kafka.Kafka', '--version'],
      env: javaEnvironment(options.env),
    }),
    versionPattern: /^(\d+\.\d+\.\d+\S*)/m,
    onPath: kafkaHome,
    refusal: kafkaRefusal,
    sources: options.sources ?? (await kafkaSources()),
    instead:
      'Give the addresses of brokers in KAFKA_BROKERS, or the folder of an unpacked Kafka (4.1 or ' +
      'newer) in KAFKA_HOME, or install mvn, or name a Maven repository in MVNW_REPOURL.',
  };
  return { ...(await resolveBinary(kind, options)), java };
}

/** Kafka's home, if `folder` of PATH has its scripts or links to them. */
function kafkaHome(folder: string): string | undefined {
  const script = executable(folder, 'kafka-server-start.sh');
  return script === undefined ? undefined : join(realpathSync(script), '..', '..');
}

/** Why a mongod cannot be used. It opens data of its own series and of the major release before. */
function mongodRefusal(version: Version, madeBy: string | undefined): string | undefined {
  if (!atLeast(version, 6, 0)) return '6.0 or newer is needed';
  const before = `${version.minor === 0 ? version.major - 1 : version.major}.0`;
  if (madeBy === undefined || [seriesOf(version), before].includes(madeBy)) return undefined;
  return `the data in DATA_DIR are of mongod ${madeBy}`;
}

/** Why a server cannot be used. Fairness needs 1.29, and the development server never migrates its tables. */
function temporalRefusal(version: Version, madeBy: string | undefined): string | undefined {
  if (!atLeast(version, 1, 29)) return 'server 1.29 or newer is needed (CLI 1.5)';
  if (madeBy === undefined || madeBy === seriesOf(version)) return undefined;
  return `the data in DATA_DIR are of server ${madeBy}`;
}

/** Why a broker cannot be used. It reads data of older brokers, not of newer ones. */
function kafkaRefusal(version: Version, madeBy: string | undefined): string | undefined {
  if (!atLeast(version, 4, 1)) return '4.1 or newer is needed';
  const oldest = parseVersion(`${madeBy ?? '4.1'}.0`);
  if (atLeast(version, oldest.major, oldest.minor)) return undefined;
  return `the data in DATA_DIR are of Kafka ${madeBy}`;
}
