/**
 * How a process is told to stop. Every entry point loads this file first, and the rest after it: a
 * process with PID 1, as in most containers, ignores a signal that it has no handler for yet. So this
 * file imports nothing.
 */

/** The exit code of a shell for SIGINT. */
const INTERRUPTED = 130;

/** One press of Ctrl-C sends two signals: the terminal sends one, and npm passes on another. */
const SAME_PRESS_MS = 1_000;

/** How long the process waits for its last output to be read. The reader may have stopped. */
const LAST_OUTPUT_MS = 500;

interface InOrder {
  /** Ends the work. The process exits with 0 after it. */
  stop(): Promise<void>;
  /** The process exits after this time even if `stop` is not done, in milliseconds from the signal. */
  withinMs?: number;
  /** Called before a second press of Ctrl-C ends the process at once. */
  again?(): void;
}

export interface Stopping {
  /** Aborts at the first signal. */
  signal: AbortSignal;
  /** From now on a signal stops the process in order. Before this it ends the process at once. */
  inOrder(how: InOrder): void;
}

/**
 * Handles the signals from now on.
 * @param name the process, for its messages
 * @param options.signals the signals to handle; SIGTERM and SIGINT unless given
 * @param options.code the exit code if it is stopped while it starts; 0 unless given
 */
export function heedSignals(
  name: string,
  options: { signals?: readonly NodeJS.Signals[]; code?: number } = {},
): Stopping {
  const { signals = ['SIGTERM', 'SIGINT'], code = 0 } = options;
  const stopping = new AbortController();
  let order: InOrder | undefined;
  let firstAtMs: number | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAtMs !== undefined) {
      if (signal !== 'SIGINT' || performance.now() - firstAtMs <= SAME_PRESS_MS) return;
      order?.again?.();
      process.exit(INTERRUPTED);
    }
    firstAtMs = performance.now();
    stopping.abort(new Error(`${name} was told to stop`));
    if (!order) {
      process.stderr.write(`${name}: stopped before it was ready\n`);
      leave(code);
      return;
    }
    const { withinMs } = order;
    if (withinMs) setTimeout(() => endUndone(withinMs), withinMs).unref();
    // Nobody catches a `stop` that fails: `endOnFatal` ends the process with 1 and the reason.
    void order.stop().then(() => leave(0));
  };
  const endUndone = (afterMs: number) => {
    process.stderr.write(
      `${name}: not everything was done ${afterMs / 1_000} s after the signal\n`,
    );
    leave(0);
  };
  for (const signal of signals) process.on(signal, onSignal);

  return {
    signal: stopping.signal,
    inOrder(how) {
      order = how;
    },
  };
}

/** Exits once the last output is written, or after half a second if nobody reads it. */
export function leave(code: number): void {
  const end = () => process.exit(code);
  setTimeout(end, LAST_OUTPUT_MS);
  process.stdout.write('', () => process.stderr.write('', end));
}
