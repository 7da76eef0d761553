/** The command line of `npm run model`. */
import { parseArgs } from 'node:util';

export const HELP = `Plays random sequences of claims, bans, stock changes, pauses, retries, aborts and faults
on the real product and on a small model of it, and compares them after each step.

  npm run model -- [--runs N] [--seed S] [--from N] [--lanes N]

  --runs N    how many sequences (100)
  --seed S    what they are made of; another number, other sequences (one by chance)
  --from N    the first sequence of the seed to play (0)
  --lanes N   how many are played side by side (12)
  --help      this

Ends with exit code 1 where they differ, after it has told the shortest sequence it
found that shows it, and with 2 where the command cannot be understood.`;

/** How long the product may take to come to rest after a step, even on a very busy machine. */
const PATIENCE_MS = 180_000;
/** How long a counterexample may be shrunk. Five minutes is as long as a person waits. */
const SHRINK_MS = 300_000;
const MAX_RUNS = 1_000_000;
/** Most sequences side by side. More only wait for one another. */
const MAX_LANES = 64;
/** fast-check takes seeds of 32 bits with a sign. */
const MAX_SEED = 2 ** 31 - 1;

export interface ModelOptions {
  runs: number;
  seed: number;
  from: number;
  lanes: number;
  patienceMs: number;
  shrinkMs: number;
}

/** A wrong command line. The message says what is wrong with it. */
export class UsageError extends Error {}

const text = { type: 'string' } as const;
const options = {
  runs: text,
  seed: text,
  from: text,
  lanes: text,
  help: { type: 'boolean' },
} as const;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A whole number from `min` to `max`. @throws UsageError */
function whole(
  name: string,
  value: string | undefined,
  fallback: number,
  [min, max]: [number, number],
) {
  const number = value === undefined ? fallback : Number(value);
  if (Number.isInteger(number) && min <= number && number <= max) return number;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}`);
}

/** The options of a command line, or `HELP` if it asks for that. @throws UsageError */
export function optionsFrom(args: readonly string[]): ModelOptions | 'HELP' {
  const { runs, seed, from, lanes, help } = parsed(args);
  if (help) return 'HELP';
  return {
    runs: whole('runs', runs, 100, [1, MAX_RUNS]),
    seed: whole('seed', seed, Math.floor(Math.random() * MAX_SEED), [0, MAX_SEED]),
    from: whole('from', from, 0, [0, MAX_RUNS]),
    lanes: whole('lanes', lanes, 12, [1, MAX_LANES]),
    patienceMs: PATIENCE_MS,
    shrinkMs: SHRINK_MS,
  };
}
