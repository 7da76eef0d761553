/** Runs `mvn`, which knows the machine's own repository, proxy and certificates. */
import { join } from 'node:path';
import { reasonOf } from '../progress.ts';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';

/** The embedded broker's dependencies. */
const POM = join(import.meta.dirname, 'kafka-pom.xml');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** mvn may resolve for long before the first byte. */
const LIMITS: Limits = { stallMs: 120_000, totalMs: 900_000 };

/**
 * Downloads the broker's jars and copies them into `target`. The local repository is in the context's
 * folder, so that the folder's size shows the progress.
 * @param flags more properties of the plugin
 * @throws Error with mvn's reason, or if there is no mvn
 */
export async function copyJars(
  target: string,
  what: string,
  { folder, env, say, signal }: FetchContext,
  flags: readonly string[] = [],
): Promise<void> {
  const properties = [
    'includeScope=runtime',
    `outputDirectory=${target}`,
    `maven.repo.local=${join(folder, 'repository')}`,
    'style.color=never',
    ...flags,
  ].map((property) => `-D${property}`);
  try {
    await runFetching({
      what,
      file: 'mvn',
      args: ['--batch-mode', '--quiet', '--file', POM, COPY, ...properties],
      env,
      folder,
      limits: LIMITS,
      say,
      signal,
      reasonIn,
    });
  } catch (error) {
    if (/ENOENT/.test(reasonOf(error))) throw new Error('this machine has no mvn');
    throw error;
  }
}

/** The reason of a failure: mvn prints it first, and then hints for more output. */
function reasonIn(output: string): string | undefined {
  return /^\[ERROR\] (.*?)(?: -> \[Help \d+\])?$/m.exec(output)?.[1];
}
