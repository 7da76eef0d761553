/**
 * How a process is told to end. Every entry point loads this before all else and the rest after it: a
 * process that runs as PID 1, as in most containers, never hears a signal that comes before a handler.
 * So this file imports nothing.
 */

const INTERRUPTED = 130;

/** npm passes Ctrl-C on to us, who had it from the terminal already: one press, two signals. */
const SAME_PRESS_MS = 1_000;

/** How long the last words may take to be read; a reader that has stopped reads none. */
const LAST_WORDS_MS = 500;

export interface InOrder {
  /** Ends what is under way; the process ends with 0 after it. */
  stop(): Promise<void>;
  /** After this the process ends though `stop` is not done, in milliseconds from the signal on. */
  withinMs?: number;
  /** Told before the process is ended at once by a second press of Ctrl-C. */
  again?(): void;
}

export interface Stopping {
  /** Aborts at the first signal. */
  signal: AbortSignal;
  /** From now on a signal ends the process in order. Before this it ends at once. */
  inOrder(how: InOrder): void;
}

/**
 * Heeds the signals from now on.
 * @param name the process, as it calls itself where it is stopped while it starts
 * @param options.code how it ends then; 0 as there is nothing that it leaves undone
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
    // A stop that fails is nobody's to catch: the process ends with 1 and the reason.
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

/** Ends the process once its last words are out, and without them where nobody reads. */
export function leave(code: number): void {
  const end = () => process.exit(code);
  setTimeout(end, LAST_WORDS_MS);
  process.stdout.write('', () => process.stderr.write('', end));
}
