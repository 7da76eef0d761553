/** `npm start`: runs the stack until it is told to stop. */
import { resolve } from 'node:path';
import { ConfigError } from '../config.ts';
import { PortTaken } from './chosen-ports.ts';
import { given } from './environment.ts';
import { NoBinary } from './resolve-binary.ts';
import { AlreadyRunning } from './run-records.ts';
import { StartFailure } from './service.ts';
import { Stack } from './stack.ts';
import { boldFor, readyText, USAGE } from './words.ts';

/** Failures that need no stack trace: their message says all. */
const EXPECTED = [AlreadyRunning, ConfigError, NoBinary, PortTaken, StartFailure];

/** npm passes Ctrl-C on to us, who had it from the terminal already: one press, two signals. */
const SAME_PRESS_MS = 500;

const LOOK_FOR_NPM_MS = 500;

const INTERRUPTED = 130;

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  // A reader that goes away, as in `npm start | head`, must not end the stack.
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
  process.exit(await run());
}

/** Resolves with the exit code. */
async function run(): Promise<number> {
  const calledOff = new AbortController();
  const dataDir = resolve(given(process.env, 'DATA_DIR') ?? '.data');
  const bold = boldFor(process.stdout, process.env);
  const stack = new Stack({
    dataDir,
    env: process.env,
    say: (line) => console.log(line),
    warn: (line) => console.error(line),
    signal: calledOff.signal,
  });
  const stopped = new Promise<void>((resolve) => {
    calledOff.signal.addEventListener('abort', () => resolve());
  });
  onStopSignals(calledOff, stack);
  try {
    const file = await stack.start();
    console.log(readyText(file, dataDir, bold));
    await stopped;
    await stack.stop();
    console.log('stopped');
    return 0;
  } catch (error) {
    if (calledOff.signal.aborted) return 0;
    const isExpected = EXPECTED.some((kind) => error instanceof kind);
    console.error(isExpected ? `\n${(error as Error).message}` : error);
    return 1;
  }
}

/** The first signal stops in order, a second press of Ctrl-C at once. */
function onStopSignals(calledOff: AbortController, stack: Stack): void {
  let firstAt: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      console.log('\nstopping; Ctrl-C again to kill everything');
      calledOff.abort(new Error('the start was called off'));
    } else if (signal === 'SIGINT' && performance.now() - firstAt > SAME_PRESS_MS) {
      stack.kill();
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  onEndOfNpm(() => stop('SIGTERM'));
}

/** npm hands SIGTERM to its shell, which ends and hands it to nobody. */
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
