/** Temporal's development server: server, Web UI and SQLite in one process. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { serverEnvironment } from '../processes/environment.ts';
import { byProbe } from '../processes/readiness.ts';
import type { ServiceSpec } from '../processes/service.ts';

const SEARCH_ATTRIBUTES = ['ClaimState', 'EventId', 'UserId', 'Reason'];

/** Twice the runs a second that the defaults give, and kill -9 loses nothing (measured). */
const PRAGMAS = ['journal_mode=wal', 'synchronous=normal'];

/**
 * The few pollers of few workers do not spread evenly over the four partitions that a task queue has
 * by default: in some tasks lie until a poller comes by (p95 of a null workflow in docs/performance.md).
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
  /** Where runs are kept; without it they live in memory and end with the process. */
  dbFile?: string;
  /** No Web UI without it. */
  uiPort?: number;
}

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
        // One hot event's backlog must not starve the others'; runs carry the event as their key.
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
    // Its inner services take whatever ports are free, which another may take in between.
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
