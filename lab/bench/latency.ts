/** One claim at a time, with `Prefer: wait`, alternating with one null workflow at a time. */

import { claimGranted } from './claim-requests.ts';
import { makeEvent } from './collections.ts';
import { type Figures, type Row, ratio } from './figures.ts';
import { Wire } from './http-wire.ts';
import type { BenchOptions } from './options.ts';
import { percentile } from './percentiles.ts';
import { makePlayers, type Player } from './players.ts';
import { roundName } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { startYardstickWorker, type YardstickWorker } from './yardstick/start.ts';

const CLAIM = 'mailbox claim';
const NOTHING = 'null workflow';
const PERCENTS = [50, 99];
/** How many times longer a claim may take than a null workflow. */
const MOST = 3;

/** The part `latency`. */
export async function benchLatency(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, rounds, profileDir, say } = options;
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir }));
    const yardstick = stopAtEnd(await startYardstickWorker(servers, stack));
    const { eventId } = await makeEvent(stack.collections, 1_000_000);
    const rows = PERCENTS.flatMap((percent) => [
      newRow(`${CLAIM}, p${percent}`),
      newRow(`${NOTHING}, p${percent}`),
    ]);
    for (let round = 0; round <= rounds; round++) {
      const players = await makePlayers(stack.collections, stack.tokens, isShort ? 5 : 200);
      const took = await oneAtATime(stack, yardstick, eventId, players);
      if (round > 0) note(rows, took);
      const p50 = percentile(took.claim, 50).toFixed(0);
      say(`${roundName(round, rounds)}: ${CLAIM} p50 ${p50} ms`);
    }
    const checks = PERCENTS.map((percent) =>
      ratio(rows, `${CLAIM}, p${percent}`, `${NOTHING}, p${percent}`, { atMost: MOST }),
    );
    return { rows, checks, notes: [] };
  });
}

const newRow = (name: string): Row => ({ name, unit: 'ms', samples: [] });

/** Times of one round, in milliseconds. */
interface Took {
  claim: number[];
  nothing: number[];
}

async function oneAtATime(
  stack: Stack,
  yardstick: YardstickWorker,
  eventId: string,
  players: Player[],
): Promise<Took> {
  const took: Took = { claim: [], nothing: [] };
  const wire = new Wire(stack.port);
  await wire.open();
  for (const player of players) {
    took.claim.push(await timed(() => claimGranted(wire, eventId, player)));
    took.nothing.push(await timed(() => yardstick.nothing()));
  }
  wire.close();
  return took;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Adds a round. The rows are in pairs: for each percentile ours, and then the yardstick's. */
function note(rows: Row[], took: Took): void {
  for (const [n, percent] of PERCENTS.entries()) {
    rows[2 * n]?.samples.push({ value: percentile(took.claim, percent) });
    rows[2 * n + 1]?.samples.push({ value: percentile(took.nothing, percent) });
  }
}
