/** The whole stack as `npm start` runs it, in a process that a test can kill. */
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Ending, startChild } from '../local/processes/child-process.ts';
import { LineWatch } from '../local/processes/line-watch.ts';
import { readStackFile, type StackFile } from '../local/stack-file.ts';

export type StackProcess =
  | 'api'
  | 'worker'
  | 'mongod'
  | 'temporal'
  | 'simulator'
  | 'kafka'
  | 'streams';

interface StartStackOptions {
  dataDir: string;
  /** Where the API listens; any free port unless given. */
  port?: number;
  /** On top of the test's own environment. */
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
}

export interface RunningStack {
  dataDir: string;
  /** `stack.json` as it is now. */
  file(): StackFile;
  /** All it printed. */
  output(): string;
  /** `kill -9`; returns the ID of the process that it hit. */
  kill(name: StackProcess): number;
  /** Resolves with `stack.json` once it names another process, which is ready then. */
  waitForRestart(name: StackProcess, oldPid: number, timeoutMs?: number): Promise<StackFile>;
  /** SIGTERM, or another signal; resolves with how the supervisor ended. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
  /** `kill -9` of the supervisor. */
  killSupervisor(): Promise<void>;
}

/** Installing the servers on an empty machine is part of a first start. */
const START_TIMEOUT_MS = 300_000;
const RESTART_TIMEOUT_MS = 60_000;

/** `stack.json` comes first, and then the words for a person. */
const READY_LINE = 'Ctrl-C stops it';

/** Of whoever runs the tests; the stack under test is to run its own. */
const NOT_PASSED_ON = [
  ...['MONGODB_URI', 'TEMPORAL_ADDRESS', 'TEMPORAL_UI_URL', 'PROVIDERS', 'NODE_TEST_CONTEXT'],
  ...['MONGOD_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'KAFKA_PORT'],
  ...['EMBEDDED_KAFKA', 'KAFKA_BROKERS', 'METRICS_PORT'],
];

/** Resolves once the stack is ready. @throws Error with the output if it ends before */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  const { dataDir, port = 0, timeoutMs = START_TIMEOUT_MS } = options;
  let output = '';
  const lines = new LineWatch();
  const supervisor = await startChild(
    {
      file: process.execPath,
      args: [join(resolve(import.meta.dirname, '..'), 'local', 'start.ts')],
      env: { ...inherited(), DATA_DIR: dataDir, PORT: String(port), ...options.env },
    },
    {
      chunk: (bytes) => {
        output += Buffer.from(bytes).toString();
      },
      line: (text, stream) => lines.add(text, stream),
    },
  );
  const ended = supervisor.ended.then(({ words }): never => {
    throw new Error(`the stack did not start: ${words}\n${output}`);
  });
  ended.catch(() => {});
  const isOurs = (file: StackFile) => file.supervisor.pid === supervisor.pid;
  const signal = AbortSignal.timeout(timeoutMs);
  const printed = lines.next((line) => line.includes(READY_LINE), signal);
  const ready = Promise.all([printed, waitForFile(dataDir, isOurs, timeoutMs)]);
  ready.catch(() => {});
  await Promise.race([ready, ended]);
  const file = () => {
    const stack = readStackFile(dataDir);
    if (stack === undefined) throw new Error(`no stack is ready over ${dataDir}\n${output}`);
    return stack;
  };
  return {
    dataDir,
    file,
    output: () => output,
    kill: (name) => killProcess(file(), name),
    waitForRestart: (name, oldPid, restartTimeoutMs = RESTART_TIMEOUT_MS) =>
      waitForFile(dataDir, (stack) => stack[name]?.pid !== oldPid, restartTimeoutMs),
    stop: async (signal = 'SIGTERM') => {
      supervisor.signal(signal);
      return await supervisor.ended;
    },
    killSupervisor: async () => {
      supervisor.signal('SIGKILL');
      await supervisor.ended;
    },
  };
}

function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.includes(name));
  return Object.fromEntries(kept);
}

function killProcess(stack: StackFile, name: StackProcess): number {
  const pid = stack[name]?.pid;
  if (pid === undefined) throw new Error(`this stack runs no ${name} of its own`);
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** Resolves with the first `stack.json` that `fits`. @throws Error when the time is up */
export async function waitForFile(
  dataDir: string,
  fits: (file: StackFile) => boolean,
  timeoutMs: number,
): Promise<StackFile> {
  const signal = AbortSignal.timeout(timeoutMs);
  // Watched before it is read: what is written in between is seen.
  const watcher = watch(dataDir);
  try {
    for (;;) {
      const file = readStackFile(dataDir);
      if (file !== undefined && fits(file)) return file;
      await once(watcher, 'change', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const last = JSON.stringify(readStackFile(dataDir));
    throw new Error(`stack.json is not as awaited after ${timeoutMs} ms: ${last}`);
  } finally {
    watcher.close();
  }
}
