/** `mvn`: it knows the machine's own repository, proxy and certificates. */
import { join } from 'node:path';
import { reasonOf } from '../progress.ts';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';

/** What the embedded broker consists of. */
const POM = join(import.meta.dirname, 'kafka-pom.xml');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

const LIMITS: Limits = { stallMs: 120_000, totalMs: 900_000 };

/**
 * Copies the broker's jars into `target`, by way of a local repository of its own in the context's
 * folder, whose growth is the progress. `flags` are further ones of the plugin.
 * @throws Error with mvn's reason, or that there is no mvn
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

/** mvn tells everything on standard output, the reason first and then how to ask for more of it. */
function reasonIn(output: string): string | undefined {
  return /^\[ERROR\] (.*?)(?: -> \[Help \d+\])?$/m.exec(output)?.[1];
}
