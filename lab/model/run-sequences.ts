/** Plays many sequences of one seed side by side. The first that shows a difference is shrunk. */
import fc from 'fast-check';
import { Difference, play } from './play-sequence.ts';
import { type Sequence, sequences } from './random-sequences.ts';
import { type System, startSystem } from './real-system.ts';

/** Sequences played on one system. After them a new one is started, as growing data slow it down. */
const SEQUENCES_PER_SYSTEM = 100;

/** How long a shrunk sequence may take to come to rest. Longer counts as a difference too. */
const SHRINKING_PATIENCE_MS = 45_000;

export interface RunOptions {
  seed: number;
  /** The index of the first sequence to play. */
  from: number;
  runs: number;
  /** Sequences played side by side. */
  lanes: number;
  /** How long the product may take to come to rest after a step, in milliseconds. */
  patienceMs: number;
  /** How long a counterexample may be shrunk, in milliseconds. Then the smallest so far is reported. */
  shrinkMs: number;
  /** Starts a system. A test passes a broken one. */
  start?: () => Promise<System>;
  onProgress?: (played: number, tally: Tally) => void;
}

/** How often each answer and end was seen. It shows what the sequences have covered. */
export type Tally = Map<string, number>;

export interface Failure {
  seed: number;
  sequence: number;
  /** How often the counterexample was shrunk. */
  shrinks: number;
  /** The steps of the smallest one, and what differs there. */
  story: string[];
}

/** Plays the sequences from `from` to `from + runs` of the seed, or until one shows a difference. */
export async function runSequences(options: RunOptions) {
  const { from, runs, onProgress = () => {}, start = startSystem } = options;
  const tally: Tally = new Map();
  let failure: Failure | null = null;
  let played = 0;
  for (let next = from; next < from + runs && failure === null; next += SEQUENCES_PER_SYSTEM) {
    const end = Math.min(from + runs, next + SEQUENCES_PER_SYSTEM);
    const system = await start();
    const queue = Array.from({ length: end - next }, (_, i) => next + i);
    const lane = async () => {
      for (let n = queue.shift(); n !== undefined && failure === null; n = queue.shift()) {
        const failed = await playOne(system, n, options, tally);
        failure ??= failed;
        played += 1;
        onProgress(played, tally);
      }
    };
    await Promise.all(Array.from({ length: options.lanes }, lane));
    await system.stop();
  }
  return { failure: failure as Failure | null, played, tally };
}

/** Plays the n-th sequence of the seed. It is the same whatever else is played. */
async function playOne(
  system: System,
  sequence: number,
  { seed, patienceMs, shrinkMs }: RunOptions,
  tally: Tally,
): Promise<Failure | null> {
  let found: { story: string[]; endsAtMs: number } | null = null;
  const property = fc.asyncProperty(sequences, async (one) => {
    // Out of time: every further sequence passes, so that the smallest so far is reported.
    if (found && performance.now() > found.endsAtMs) return;
    try {
      await played(system, one, found ? SHRINKING_PATIENCE_MS : patienceMs, tally);
    } catch (error) {
      const endsAtMs = found?.endsAtMs ?? performance.now() + shrinkMs;
      found = { story: storyOf(error), endsAtMs };
      throw error;
    }
  });
  const path = String(sequence);
  const details = await fc.check(property, { seed, path, numRuns: 1, unbiased: true });
  if (found === null) return null;
  const { story } = found as { story: string[] };
  return { seed, sequence, shrinks: details.numShrinks, story };
}

const storyOf = (error: unknown): string[] =>
  error instanceof Difference ? error.story : [String((error as Error).stack)];

async function played(system: System, one: Sequence, patienceMs: number, tally: Tally) {
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  const ends = await play(system, one, {
    patienceMs,
    onStep(operations, answers) {
      count(operations.length > 1 ? 'steps of several at once' : 'steps of one');
      for (const [i, operation] of operations.entries()) count(`${operation.do}: ${answers[i]}`);
    },
  });
  for (const end of ends) count(`ended ${end}`);
}
