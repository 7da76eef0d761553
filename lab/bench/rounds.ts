/** The sides of a comparison, in turns over the same servers. */
import type { Row, Sample } from './figures.ts';
import type { BenchOptions } from './options.ts';

export interface Side {
  name: string;
  unit: string;
  /** One round of it; whatever it prepares is not in its value. */
  run(isWarmUp: boolean): Promise<Sample>;
}

/**
 * Runs every side once a round. In turn another is first, so that none always comes after the same.
 * What the warm-up measures does not count.
 */
export async function runRounds(
  sides: Side[],
  { rounds, say }: Pick<BenchOptions, 'rounds' | 'say'>,
): Promise<Row[]> {
  const rows = sides.map(({ name, unit }): Row => ({ name, unit, samples: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [position] of sides.entries()) {
      const turn = (position + round) % sides.length;
      const [side, row] = [sides[turn], rows[turn]];
      if (!side || !row) continue;
      const sample = await side.run(round === 0);
      if (round > 0) row.samples.push(sample);
      say(`${roundName(round, rounds)}: ${side.name}: ${sample.value.toFixed(1)} ${side.unit}`);
    }
  }
  return rows;
}

export function roundName(round: number, rounds: number): string {
  return round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
}
