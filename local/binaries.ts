/** The binaries of the servers that the local stack runs, and which versions of them will do. */
import { type Binary, type Kind, type ResolveOptions, resolveBinary } from './resolve-binary.ts';
import { mongodSources, temporalSources } from './sources.ts';
import { atLeast, seriesOf, type Version } from './version.ts';

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

/** A mongod opens data of its own series, and of the last major release before it. */
function mongodRefusal(version: Version, madeBy: string | undefined): string | undefined {
  if (!atLeast(version, 6, 0)) return '6.0 or newer is needed';
  const before = `${version.minor === 0 ? version.major - 1 : version.major}.0`;
  if (madeBy === undefined || [seriesOf(version), before].includes(madeBy)) return undefined;
  return `the data in DATA_DIR are of mongod ${madeBy}`;
}

/** Fairness came with 1.29. The development server makes its tables once and never migrates them. */
function temporalRefusal(version: Version, madeBy: string | undefined): string | undefined {
  if (!atLeast(version, 1, 29)) return 'server 1.29 or newer is needed (CLI 1.5)';
  if (madeBy === undefined || madeBy === seriesOf(version)) return undefined;
  return `the data in DATA_DIR are of server ${madeBy}`;
}
