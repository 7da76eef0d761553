/** The command line of `npm run soak`. */
import { parseOptions, WrongArguments } from '../chaos/command-line.ts';

export const USAGE = `Usage: npm run soak -- [--minutes M] [--rate R] [--faults] [--seed N]

Runs Laurel (two APIs, two workers, MongoDB, Temporal and a simulated game), and lets new players
claim at half of what it can do, every other claim through the game's HTTP provider. Each minute is
a line. At the end memory, handles and latency of the last third are held against the first third,
and every book against every other. Exits with 1 if they differ, and says where.

  --minutes M  how long, 1 to 1440 (20)
  --rate R     claims a second; half of the peak, which is measured first, unless given
  --faults     meanwhile kills, freezes, cuts and delays whatever there is, as \`npm run chaos\` does,
               each kind once in two minutes
  --seed N     the seed of the faults (1)
`;

export interface SoakOptions {
  minutes: number;
  /** Claims a second. Undefined: measure the peak and take half of it. */
  rate: number | undefined;
  faults: boolean;
  seed: number;
}

/** A day. */
const MOST_MINUTES = 1_440;
/** Claims a second, far above what one machine can do. */
const MOST_RATE = 10_000;
/** A seed has 32 bits. */
const MOST_SEED = 2 ** 32 - 1;

const OPTIONS = {
  minutes: { type: 'string', default: '20' },
  rate: { type: 'string' },
  faults: { type: 'boolean' },
  seed: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The options of a command line. Null if it asks for help. @throws WrongArguments */
export function optionsFrom(args: readonly string[]): SoakOptions | null {
  const values = parseOptions(args, OPTIONS);
  if (values.help === true) return null;
  const { rate, faults = false } = values;
  return {
    minutes: number('minutes', values.minutes, 1, MOST_MINUTES),
    rate: rate === undefined ? undefined : number('rate', rate, 0.1, MOST_RATE),
    faults,
    seed: number('seed', values.seed, 0, MOST_SEED),
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const given = Number(text);
  if (text !== '' && given >= least && given <= most) return given;
  throw new WrongArguments(`--${name} is a number from ${least} to ${most}, not ${text}`);
}
