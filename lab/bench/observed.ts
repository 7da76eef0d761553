/**
 * What it costs to be seen from outside: API, worker and streams with metrics that are scraped and
 * every claim traced, beside the same without metrics and traces.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../local/processes/ports.ts';
import { grantMany } from './claims.ts';
import { ALL_CPU } from './closed-loop.ts';
import { makeEvent } from './collections.ts';
import { costRatio, type Figures, ratio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { countCpu, memoryOf } from './process-usage.ts';
import type { ProcessSpec } from './processes.ts';
import { runRounds, type Side } from './rounds.ts';
import { type BenchServers, startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { startTracedStack } from './traced-stack.ts';

const [BARE, OBSERVED] = ['without', 'with metrics and traces'] as const;

const STREAMS: ProcessSpec = {
  name: 'streams',
  file: 'streams/main.ts',
  ready: 'streams ready',
};

/** How often the metrics are scraped, in milliseconds: as often as most platforms do. */
const SCRAPE_EVERY_MS = 15_000;

/** How long the CPU of idle processes is measured, in milliseconds: four scrapes. */
const IDLE_MS = 60_000;

/** Units of an event: more than are claimed in a round. */
const STOCK = 1_000;

/** "At most 5 % more." */
const SHARE = 0.95;

/** The part `observed`. */
export async function benchObserved(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, say } = options;
    const servers = stopAtEnd(await startBenchServers({ temporal: true, kafka: true }, say));
    const bare = stopAtEnd(await startBare(servers));
    const observed = stopAtEnd(await startObserved(servers));
    const load = isShort ? { clients: 4, count: 8 } : { clients: 50, count: 300 };
    const stacks = { [BARE]: bare, [OBSERVED]: observed };
    const rows = await runRounds(
      Object.entries(stacks).map(([name, stack]) => claimSide(name, stack, load)),
      options,
    );
    await sleep(isShort ? 0 : SCRAPE_EVERY_MS);
    const notes = [costRatio(rows, OBSERVED, BARE, ALL_CPU)];
    for (const [name, stack] of Object.entries(stacks)) {
      notes.push(...(await usageOf(name, stack, isShort ? 100 : IDLE_MS)));
    }
    return { rows, checks: [ratio(rows, OBSERVED, BARE, { atLeast: SHARE })], notes };
  });
}

/** API, worker and streams without metrics: the API's are on its own port, and nobody reads them. */
async function startBare(servers: BenchServers): Promise<Stack> {
  const processes = [...APART.processes, STREAMS];
  return await startStack(servers, { name: 'bare', processes }, { env: kafkaOf(servers, 'bare') });
}

/** The same with a collector for traces, and somebody who scrapes each process. */
async function startObserved(servers: BenchServers): Promise<Stack> {
  const processes: ProcessSpec[] = [];
  const urls: string[] = [];
  for (const one of [...APART.processes, STREAMS]) {
    const port = await freePort();
    processes.push({ ...one, env: { METRICS_PORT: String(port) } });
    urls.push(`http://127.0.0.1:${port}/metrics`);
  }
  const spec = { name: 'observed', processes };
  const stack = await startTracedStack(servers, { env: kafkaOf(servers, 'observed') }, spec);
  const scraping = setInterval(() => {
    for (const url of urls) void fetch(url).then((answer) => answer.text());
  }, SCRAPE_EVERY_MS);
  return {
    ...stack,
    async stop() {
      clearInterval(scraping);
      await stack.stop();
    },
  };
}

const kafkaOf = ({ brokers }: BenchServers, name: string) => ({
  KAFKA_BROKERS: brokers.join(','),
  KAFKA_PREFIX: `${name}.`,
});

function claimSide(name: string, stack: Stack, load: { clients: number; count: number }): Side {
  return {
    name,
    unit: 'claims a second',
    async run() {
      const { eventId } = await makeEvent(stack.collections, STOCK);
      return await grantMany(stack, eventId, load);
    },
  };
}

/** A line for each of our processes: its start, its memory after the claims, its CPU at rest. */
async function usageOf(name: string, stack: Stack, idleMs: number): Promise<string[]> {
  const pids = stack.pids();
  const usedCpu = countCpu(pids);
  await sleep(idleMs);
  const cpu = usedCpu();
  return Object.entries(stack.startMs)
    .filter(([process]) => process !== 'provider')
    .map(([process, startMs]) => {
      const { rssMiB = Number.NaN } = memoryOf(pids[process] ?? 0) ?? {};
      const idle = ((cpu[process] ?? 0) / idleMs) * 1_000;
      return `${process}, ${name}: ready in ${startMs.toFixed(0)} ms, ${rssMiB.toFixed(0)} MiB, ${idle.toFixed(1)} ms of CPU a second at rest`;
    });
}
