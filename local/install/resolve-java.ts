/** Finds the Java that runs the embedded broker. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { given, serverEnvironment } from '../processes/server-environment.ts';
import { reasonOf } from '../progress.ts';
import { NoBinary, type ResolveOptions } from './resolve-binary.ts';

/** Kafka's broker needs this version since 4.0. */
const OLDEST = 17;

/** Timeout of `java -version`: a busy machine takes seconds to start a JVM. */
const VERSION_TIMEOUT_MS = 60_000;

const INSTEAD =
  `Kafka needs Java ${OLDEST} or newer: install one (Debian and Ubuntu: apt-get install ` +
  `openjdk-${OLDEST}-jre-headless; macOS: brew install openjdk@${OLDEST}), or name one in JAVA_HOME, or ` +
  'give the addresses of brokers that run elsewhere in KAFKA_BROKERS.';

/** The environment of Java programs. Without a UTF-8 locale they can open only ASCII paths. */
export function javaEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...serverEnvironment(env), LC_ALL: 'C.UTF-8' };
}

/** The `java` of `JAVA_HOME`, else of PATH. @throws NoBinary if it is missing or too old */
export async function resolveJava({
  env,
  signal,
}: Pick<ResolveOptions, 'env' | 'signal'>): Promise<string> {
  const home = given(env, 'JAVA_HOME');
  const java = home === undefined ? 'java' : join(home, 'bin', 'java');
  const { stderr } = await promisify(execFile)(java, ['-version'], {
    timeout: VERSION_TIMEOUT_MS,
    env: javaEnvironment(env),
    signal,
  }).catch((error: Error) => {
    signal.throwIfAborted();
    throw new NoBinary(`${java} does not run: ${reasonOf(error)}.\n${INSTEAD}`);
  });
  // Java 8 is version 1.8, and early releases have no dots.
  const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(major >= OLDEST)) throw new NoBinary(`${java} is Java ${major}.\n${INSTEAD}`);
  return java;
}
