/** The command line of `npm run chaos`. */
import { randomInt } from 'node:crypto';
import { parseOptions, WrongArguments } from './command-line.ts';
import { MAX_SECONDS, MAX_SEED, MIN_SECONDS } from './plan.ts';

export const USAGE = `Usage: npm run chaos -- [--seed N] [--seconds S] [--plan]

Runs Laurel with all it needs, lets players claim for S seconds, and meanwhile kills, freezes, cuts
and delays whatever there is, by a plan that follows from the seed. Then everything is mended, and
every book is held against every other. Exits with 1 if they differ, and says where.

  --seed N     the plan's seed, 0 to ${MAX_SEED} (by chance, and printed)
  --seconds S  how long faults come, ${MIN_SECONDS} to ${MAX_SECONDS} (60)
  --plan       only prints the plan

  TMPDIR       where the run's data folder is made; it is kept if the run fails
  NO_COLOR     no colours
`;

type Options = { show: 'HELP' } | { show: 'PLAN' | 'RUN'; seed: number; seconds: number };

const OPTIONS = {
  seed: { type: 'string' },
  seconds: { type: 'string', default: '60' },
  plan: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The options of a command line. Without `--seed` the seed is random. @throws WrongArguments */
export function optionsFrom(args: readonly string[]): Options {
  const values = parseOptions(args, OPTIONS);
  if (values.help) return { show: 'HELP' };
  const seed = whole('seed', values.seed ?? String(randomInt(MAX_SEED)), 0, MAX_SEED);
  const seconds = whole('seconds', values.seconds, MIN_SECONDS, MAX_SECONDS);
  return { show: values.plan ? 'PLAN' : 'RUN', seed, seconds };
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new WrongArguments(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
}
