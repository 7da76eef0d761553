/** A quick provider's claims while 200 claims wait for a slow one, compared with an idle stack. */
import { until } from '../../local/until.ts';
import { makeEvent } from './collections.ts';
import { claimMany, coldClaims } from './fair.ts';
import { type Figures, type Row, ratio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { percentile } from './percentiles.ts';
import { roundName } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { MOODS, type Mood, setMood } from './yardstick/moods.ts';

/** How many times longer a quick provider's claims may take beside the slow one. */
const MOST = 2;

const MOOD_TEXTS: Record<Mood, string> = {
  slow: 'one that takes a second',
  down: 'one that is down',
  late: 'one that answers after the timeout',
};

const alone = (mood: Mood) => `quick claim, p95, before ${MOOD_TEXTS[mood]}`;
const beside = (mood: Mood) => `quick claim, p95, beside ${MOOD_TEXTS[mood]}`;

interface Sizes {
  /** Claims that wait for the slow provider. */
  waiting: number;
  quick: number;
}

/** The part `slow`. */
export async function benchSlow(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, rounds, profileDir, say } = options;
    const sizes: Sizes = isShort ? { waiting: 5, quick: 3 } : { waiting: 200, quick: 40 };
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir }));
    const rows = MOODS.flatMap((mood) => [alone(mood), beside(mood)]).map((name): Row => {
      return { name, unit: 'ms', samples: [] };
    });
    const note = (name: string, value: number) =>
      rows.find((row) => row.name === name)?.samples.push({ value });
    for (let round = 0; round <= rounds; round++) {
      for (const mood of MOODS) {
        const before = await quickP95(stack, sizes.quick);
        const { p95, left } = await besideSlow(stack, mood, sizes);
        if (round > 0) note(alone(mood), before);
        if (round > 0) note(beside(mood), p95);
        const times = `${before.toFixed(0)} ms, beside ${MOOD_TEXTS[mood]} ${p95.toFixed(0)} ms`;
        say(`${roundName(round, rounds)}: ${times}; ${left} of its claims were open still`);
      }
    }
    const checks = MOODS.map((mood) => ratio(rows, beside(mood), alone(mood), { atMost: MOST }));
    return { rows, checks, notes: [] };
  });
}

async function quickP95(stack: Stack, count: number): Promise<number> {
  const visits = await coldClaims(stack, count, { fulfillment: { provider: 'game' } });
  const tookMs = visits.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
  return percentile(tookMs, 95);
}

/** Sends claims to the slow provider, measures quick ones beside them, and waits until all are final. */
async function besideSlow(stack: Stack, mood: Mood, { waiting, quick }: Sizes) {
  const { collections, providerPort } = stack;
  const given = { fulfillment: { provider: mood } };
  const { eventId } = await makeEvent(collections, waiting, given);
  const openNow = () => collections.store.claims.model.countDocuments({ eventId, open: true });
  await setMood(providerPort, mood, true);
  await claimMany(stack, eventId, waiting);
  const p95 = await quickP95(stack, quick);
  const left = await openNow();
  await setMood(providerPort, mood, false);
  await until("the slow provider's claims to end", async () => (await openNow()) === 0);
  return { p95, left };
}
