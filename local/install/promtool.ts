/** Finds Prometheus's `promtool`, which checks and tests rules, or builds it from its Go module. */
import { join } from 'node:path';
import type { Source } from './binary-sources.ts';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';
import { type Binary, type Kind, type ResolveOptions, resolveBinary } from './resolve-binary.ts';
import { atLeast, formatVersion, parseVersion } from './version.ts';

/** That of the Compose file's Prometheus. As a Go module, 3.16.0 is v0.316.0. */
export const PROMETHEUS_VERSION = '3.16.0';

/**
 * A build takes two to five minutes on two cores. Nothing is built while the modules are downloaded,
 * and for a while when it links.
 */
const BUILD_LIMITS: Limits = { stallMs: 300_000, totalMs: 1_800_000 };

/** Finds or builds a promtool of 3.0 or newer. @throws NoBinary */
export async function resolvePromtool(options: ResolveOptions): Promise<Binary> {
  const kind: Kind = {
    name: 'promtool',
    binaryVariable: 'PROMTOOL',
    versionPattern: /^promtool, version (\d\S*)/m,
    refusal: (version) => (atLeast(version, 3, 0) ? undefined : '3.0 or newer is needed'),
    sources: options.sources ?? [GO_MODULE],
    instead:
      'Give the path of a promtool (3.0 or newer) in PROMTOOL, or put one on PATH, or install Go ' +
      '(1.26 or newer) so that it can be built.',
  };
  return await resolveBinary(kind, options);
}

const version = parseVersion(PROMETHEUS_VERSION);

const GO_MODULE: Source = {
  id: `${formatVersion(version)}-go`,
  what: `promtool ${formatVersion(version)} from its Go module`,
  version,
  fetch: build,
};

async function build({ folder, env, say, signal }: FetchContext): Promise<string> {
  const module = `v0.${version.major}${String(version.minor).padStart(2, '0')}.${version.patch}`;
  const built = join(folder, 'build');
  await runFetching({
    what: `building ${GO_MODULE.what}`,
    file: 'go',
    args: [
      'install',
      // Of the many ways to find targets our configuration uses one; the clouds' take long to build.
      ...['-tags', 'remove_all_sd,enable_dns_sd'],
      ...[
        '-ldflags',
        `-s -w -X github.com/prometheus/common/version.Version=${PROMETHEUS_VERSION}`,
      ],
      `github.com/prometheus/prometheus/cmd/promtool@${module}`,
    ],
    env: {
      ...env,
      GOPATH: join(folder, 'go'),
      GOBIN: join(folder, 'bin'),
      GOCACHE: built,
      // Files that can be removed again; the machine's own flags may not fit.
      GOFLAGS: '-modcacherw',
    },
    // Not all of it: the modules' 100,000 files take longer to look through than to build.
    folder: built,
    limits: BUILD_LIMITS,
    say,
    signal,
  });
  return join(folder, 'bin', 'promtool');
}
