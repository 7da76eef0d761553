/** Starts a child process that cannot outlive this one, and reads its output. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Command {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Takes a child's output: as chunks for the log, and as lines. */
export interface Output {
  chunk(bytes: Uint8Array): void;
  line(text: string, stream: 'stdout' | 'stderr'): void;
}

/** How a process ended: by a signal or with an exit code. */
export interface Ending {
  signal: NodeJS.Signals | null;
  code: number | null;
  /** The same as text. */
  words: string;
}

export interface Child {
  pid: number;
  /** Resolves once it has ended and all its output was read. */
  ended: Promise<Ending>;
  /** Lets this process end while the child still runs. */
  unref(): void;
  /** Sends a signal. False if the process is gone. */
  signal(signal: NodeJS.Signals): boolean;
}

/** Longer lines are cut into several, so that no child can fill our memory. */
const MAX_LINE_CHARS = 64 * 1024;

/** Longest wait for the rest of the output after the exit. */
const DRAIN_MS = 1_000;

/**
 * A shell script that ends the child when this process is gone, even by SIGKILL. Its standard input is
 * a pipe from this process, and `read` returns when the pipe closes. A shell takes one megabyte of
 * memory, Node would take forty.
 */
const GUARD = `
read -r _
kill -TERM "$1" || exit 0
for _ in 1 2 3 4 5 6 7 8; do sleep 1; kill -0 "$1" || exit 0; done
kill -KILL "$1"`;

/**
 * Starts a process in its own session, so that Ctrl-C at the terminal reaches only this process, which
 * then stops everything in order.
 * @throws Error if the file cannot be run
 */
export async function startChild(command: Command, output: Output): Promise<Child> {
  const child = spawn(command.file, command.args, {
    env: command.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  readLines(child, output);
  const ended = endOf(child);
  await spawned(child);
  const pid = child.pid as number;
  const guard = startGuard(pid);
  void ended.then(() => guard.kill('SIGKILL'));
  return {
    pid,
    ended,
    signal: (signal) => child.kill(signal),
    unref: () => {
      child.unref();
      // The pipes are sockets, although their type is `Readable`.
      for (const pipe of [child.stdout, child.stderr]) (pipe as Socket).unref();
    },
  };
}

type Spawned = ChildProcessByStdio<null, Readable, Readable>;

function spawned(child: Spawned): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', reject);
  });
}

/** Waits for the exit, and then for the pipes. Grandchildren may keep the pipes open, so not for long. */
function endOf(child: Spawned): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const words = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      const ending = { signal, code, words };
      const drained = setTimeout(() => resolve(ending), DRAIN_MS);
      child.once('close', () => {
        clearTimeout(drained);
        resolve(ending);
      });
    });
  });
}

function startGuard(pid: number): ChildProcess {
  const guard = spawn('sh', ['-c', GUARD, 'laurel-guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no guard. The next start also stops leftover processes.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  return guard;
}

function readLines(child: Spawned, output: Output): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    let rest = '';
    const decoder = new TextDecoder();
    child[stream].on('data', (bytes: Buffer) => {
      output.chunk(bytes);
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) output.line(line, stream);
      if (rest.length > MAX_LINE_CHARS) {
        output.line(rest, stream);
        rest = '';
      }
    });
    child[stream].once('end', () => {
      if (rest !== '') output.line(rest, stream);
    });
  }
}
