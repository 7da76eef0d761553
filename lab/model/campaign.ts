/** Many sequences side by side, each the n-th of one seed. The first that differs is shrunk. */
import fc from 'fast-check';
import { type Sequence, sequences } from './plans.ts';
import { Difference, play } from './play.ts';
import { type System, startSystem } from './system.ts';

/** What is kept of a run for good would slow it down: after so many sequences all is made anew. */
const SEQUENCES_PER_SYSTEM = 100;

/** A smaller sequence that leaves the product at work for so long counts as a difference too. */
const SHRINKING_PATIENCE_MS = 45_000;

interface CampaignOptions {
  seed: number;
  /** The first sequence to play. */
  from: number;
  runs: number;
  /** Sequences played side by side. */
  lanes: number;
  /** How long the product may take to come to rest after a step. */
  patienceMs: number;
  /** How long a counterexample may be shrunk; what was found by then is told. */
  shrinkMs: number;
  /** How a system is made; a test breaks it here. */
  start?: () => Promise<System>;
  onProgress?: (played: number, tally: Tally) => void;
}

/** How often each thing was seen: what shows that the sequences came everywhere. */
export type Tally = Map<string, number>;

export interface Failure {
  seed: number;
  sequence: number;
  /** How often the counterexample was made smaller. */
  shrinks: number;
  /** What was done in the smallest, and what differs there. */
  story: string[];
}

/** Plays sequences `from` up to `from + runs` of the seed, or until one differs. */
export async function campaign(options: CampaignOptions) {
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

/** Plays the n-th sequence of the seed, which is the same whatever else is played. */
async function playOne(
  system: System,
  sequence: number,
  { seed, patienceMs, shrinkMs }: CampaignOptions,
  tally: Tally,
): Promise<Failure | null> {
  let told: { story: string[]; endsAtMs: number } | null = null;
  const property = fc.asyncProperty(sequences, async (one) => {
    // Past its time every smaller sequence passes for good, so that the smallest so far is told.
    if (told && performance.now() > told.endsAtMs) return;
    try {
      await played(system, one, told ? SHRINKING_PATIENCE_MS : patienceMs, tally);
    } catch (error) {
      const endsAtMs = told?.endsAtMs ?? performance.now() + shrinkMs;
      told = { story: storyOf(error), endsAtMs };
      throw error;
    }
  });
  const path = String(sequence);
  const details = await fc.check(property, { seed, path, numRuns: 1, unbiased: true });
  if (told === null) return null;
  const { story } = told as { story: string[] };
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
