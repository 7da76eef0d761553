/** Rounds of a comparison: all sides run one after the other over the same servers. */
import type { Row, Sample } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** One side of a comparison. */
export interface Side {
  name: string;
  unit: string;
  /** Runs one round. What it prepares is not part of the value. */
  run(isWarmUp: boolean): Promise<Sample>;
}

/**
 * Runs every side once in each round. Each round begins with another side, so that no side always
 * follows the same one. Round 0 is the warm-up and is not kept.
 */
export async function runRounds(
  sides: Side[],
  { rounds, say }: Pick<BenchOptions, 'rounds' | 'say'>,
): Promise<Row[]> {
  const rows = sides.map(({ name, unit }): Row => ({ name, unit, samples: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [position] of sides.entries()) {
      const index = (position + round) % sides.length;
      const [side, row] = [sides[index], rows[index]];
      if (!side || !row) continue;
      const sample = await side.run(round === 0);
      if (round > 0) row.samples.push(sample);
      say(`${roundName(round, rounds)}: ${side.name}: ${sample.value.toFixed(1)} ${side.unit}`);
    }
  }
  return rows;
}

/** A round's name in the progress. */
export function roundName(round: number, rounds: number): string {
  return round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
}
