/** One run of one server's process. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Command {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** What a child writes: every chunk to the log, every line to whoever looks for something in it. */
interface Output {
  chunk(bytes: Uint8Array): void;
  line(text: string, stream: 'stdout' | 'stderr'): void;
}

/** How a process ended: by a signal, or else with a code of its own. */
export interface Ending {
  signal: NodeJS.Signals | null;
  code: number | null;
  words: string;
}

export interface Child {
  pid: number;
  /** Resolves once it ended and all it wrote was read. */
  ended: Promise<Ending>;
  /** Lets this process end though the child runs. */
  unref(): void;
  /** False if it is gone. */
  signal(signal: NodeJS.Signals): boolean;
}

/** A line longer than this is cut into several, so that no child can fill our memory. */
const MAX_LINE_CHARS = 64 * 1024;

const DRAIN_MS = 1_000;

/**
 * Ends the child when we are gone, even by SIGKILL: its standard input is a pipe that only we hold,
 * and `read` returns when that closes. It is a shell, as that costs a megabyte and not forty.
 */
const GUARD = `
read -r _
kill -TERM "$1" || exit 0
for _ in 1 2 3 4 5 6 7 8; do sleep 1; kill -0 "$1" || exit 0; done
kill -KILL "$1"`;

/**
 * Starts a process in a session of its own, so that Ctrl-C at the terminal reaches only us and we
 * stop all in order. @throws Error if the file cannot be run
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
      // The pipes are sockets, though their type says only that they can be read.
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

/** The end, and then what was still in the pipes, unless a process of the child's keeps them open. */
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
  // Without a shell the child only lacks its guard; leftovers are found at the next start too.
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
