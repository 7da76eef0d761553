/** Temporal's development server: server, Web UI and SQLite in one process. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { byProbe } from '../processes/readiness.ts';
import { serverEnvironment } from '../processes/server-environment.ts';
import type { ServiceSpec } from '../processes/service.ts';

/** The search attributes of claims' workflows, all of the type Keyword. */
const SEARCH_ATTRIBUTES = ['ClaimState', 'EventId', 'UserId', 'Reason'];

/** SQLite settings: twice the runs a second of the defaults, and `kill -9` loses nothing (measured). */
const PRAGMAS = ['journal_mode=wal', 'synchronous=normal'];

/**
 * A task queue has four partitions by default. A few pollers do not cover them evenly, and tasks wait
 * in partitions without a poller (p95 of a null workflow in docs/performance.md).
 */
const ONE_PARTITION = [
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
];

interface TemporalOptions {
  binary: string;
  port: number;
  logPath: string;
  namespace: string;
  /** The SQLite file. Without it runs are in memory. */
  dbFile?: string;
  /** Port of the Web UI. Without it there is none. */
  uiPort?: number;
}

/** How to run the server. It serves its namespace before it counts as ready. */
export function temporalSpec(options: TemporalOptions): ServiceSpec {
  const { binary, port, logPath, namespace, dbFile, uiPort } = options;
  if (dbFile !== undefined) mkdirSync(dirname(dbFile), { recursive: true, mode: 0o700 });
  return {
    name: 'temporal',
    command: {
      file: binary,
      args: [
        ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
        ...['--namespace', namespace, '--log-level', 'warn', '--log-format', 'json'],
        ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
        ...(dbFile === undefined ? [] : storageFlags(dbFile)),
        // One hot event must not starve the others. Runs have the event as their fairness key.
        ...['--dynamic-config-value', 'matching.enableFairness=true'],
        ...ONE_PARTITION.flatMap((value) => ['--dynamic-config-value', value]),
        ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ],
      env: serverEnvironment(),
    },
    logPath,
    ready: byProbe((signal) => askForNamespace(binary, port, namespace, signal)),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 3_000,
    // The server picks free ports for its inner services, which another process may take meanwhile.
    attempts: 3,
  };
}

function storageFlags(dbFile: string): string[] {
  return ['--db-filename', dbFile, ...PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma])];
}

async function askForNamespace(
  binary: string,
  port: number,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const command = ['operator', 'namespace', 'describe', '--namespace', namespace];
  const connection = ['--address', `127.0.0.1:${port}`, '--command-timeout', '3s'];
  await promisify(execFile)(binary, [...command, ...connection], {
    signal,
    env: serverEnvironment(),
    maxBuffer: 1024 * 1024,
  });
}
