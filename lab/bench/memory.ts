/** Memory of API and worker after each of several flash events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bound, type Figures, type Row } from './figures.ts';
import { crowdOf, outcomeText } from './flash.ts';
import { flash, memoryOfStack } from './flash-crowd.ts';
import type { BenchOptions } from './options.ts';
import { roundName } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { temporalClient } from './temporal-client.ts';

/** Most memory after a flash, in MiB. */
const MOST: Record<string, number> = { api: 400, worker: 400 };

/** Most growth from the first round to the last, as a factor: garbage collection is not exact. */
const FLAT = 1.1;

/** Time for a garbage collection after a flash, in milliseconds. */
const REST_MS = 5_000;

/** The part `memory`. */
export async function benchMemory(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const rounds = isShort ? 1 : 3;
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir }));
    const { client, ...connection } = await temporalClient(servers, stack.namespace);
    stopAtEnd(connection);
    const rows = Object.keys(MOST).map((name): Row => ({ name, unit: 'MiB', samples: [] }));
    // Round 0 is not measured: it compiles the code that the others run.
    for (let round = isShort ? 1 : 0; round <= rounds; round++) {
      const outcome = await flash(stack, client, crowdOf(options));
      await sleep(isShort ? 0 : REST_MS);
      const memory = memoryOfStack(stack);
      const shown: string[] = [];
      for (const { name, samples } of rows) {
        const { rssMiB = Number.NaN, peakMiB = Number.NaN } = memory[name] ?? {};
        if (round > 0) samples.push({ value: rssMiB, also: { 'peak MiB': peakMiB } });
        shown.push(`${name} ${rssMiB.toFixed(0)} MiB`);
      }
      say(`${roundName(round, rounds)}: ${shown.join(', ')}; ${outcomeText(outcome)}`);
    }
    return { rows, checks: checksOf(rows), notes: [] };
  });
}

function checksOf(rows: Row[]) {
  return rows.flatMap(({ name, samples }) => {
    const values = samples.map(({ value }) => value);
    const growth = (values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN);
    return [
      bound(`${name} after a flash, MiB`, values, { atMost: MOST[name] ?? 0 }),
      bound(`${name}, last round : first`, [growth], { atMost: FLAT }),
    ];
  });
}
