/** Runs the stack until it is told to stop. */
import { resolve } from 'node:path';
import { SetupError } from '../domain/errors.ts';
import { leave, type Stopping } from '../process/shutdown.ts';
import { NoBinary } from './install/resolve-binary.ts';
import { PortTaken } from './processes/chosen-ports.ts';
import { AlreadyRunning } from './processes/run-records.ts';
import { given } from './processes/server-environment.ts';
import { StartFailure } from './processes/service.ts';
import { Stack } from './stack.ts';
import { boldFor, readyText, USAGE } from './start-messages.ts';

/** Failures without a stack trace: their message is enough. */
const EXPECTED = [AlreadyRunning, SetupError, NoBinary, PortTaken, StartFailure];

/** Pause between two looks for the parent process. */
const LOOK_FOR_NPM_MS = 500;

/** Runs the stack, and ends this process. @param args of the command line */
export async function runStack(args: readonly string[], stopping: Stopping): Promise<void> {
  // If the reader goes away, as in `npm start | head`, the stack must go on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  if (args.length > 0) {
    const isHelp = args[0] === '--help' || args[0] === '-h';
    (isHelp ? process.stdout : process.stderr).write(USAGE);
    process.exit(isHelp ? 0 : 2);
  }
  if (process.platform === 'win32') {
    console.error('The local stack runs on Linux and macOS; on Windows, start it in WSL.');
    process.exit(1);
  }
  leave(await run(stopping));
}

/** Resolves with the exit code. */
async function run(stopping: Stopping): Promise<number> {
  const dataDir = resolve(given(process.env, 'DATA_DIR') ?? '.data');
  const bold = boldFor(process.stdout, process.env);
  const stack = new Stack({
    dataDir,
    env: process.env,
    say: (line) => console.log(line),
    warn: (line) => console.error(line),
    signal: stopping.signal,
  });
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  // Before the first output: whoever reads it may end npm.
  onEndOfNpm(() => process.kill(process.pid, 'SIGTERM'));
  const ended = runToTheEnd();
  stopping.inOrder({
    async stop() {
      console.log('\nstopping; Ctrl-C again to kill everything');
      await ended;
    },
    again: () => stack.kill(),
  });
  return await ended;

  async function runToTheEnd(): Promise<number> {
    try {
      const file = await stack.start().catch((error: unknown) => {
        // A start that was called off fails, which is no error.
        if (!stopping.signal.aborted) throw error;
      });
      if (!file) return 0;
      console.log(readyText(file, dataDir, bold));
      await stopped;
      await stack.stop();
      console.log('stopped');
      return 0;
    } catch (error) {
      const isExpected = EXPECTED.some((kind) => error instanceof kind);
      console.error(isExpected ? `\n${(error as Error).message}` : error);
      return 1;
    }
  }
}

/** Calls `act` when npm ends: npm passes SIGTERM to its shell only, and the shell passes it to nobody. */
function onEndOfNpm(act: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    act();
  }, LOOK_FOR_NPM_MS);
  look.unref();
}
