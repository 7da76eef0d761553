/** A closed loop of clients: each sends its next request when the last one was answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from './figures.ts';
import { type Answer, headerOf, Wire } from './http-wire.ts';
import { percentile } from './percentiles.ts';
import { countCpu, type Pids } from './process-usage.ts';

/** The name of the CPU time that all processes together spent on one item. */
export const ALL_CPU = 'all CPU ms';

/** Works through the items, `clients` at a time. `work` gets the number of its client. */
export async function closedLoop<T>(
  items: readonly T[],
  clients: number,
  work: (item: T, client: number) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const client = async (_: unknown, number: number) => {
    for (const item of waiting) await work(item, number);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/**
 * Measures items a second, the time of one item, and the CPU time that each process spends on one.
 * `client` is this process.
 */
export async function rateOf<T>(
  load: { items: readonly T[]; clients: number; pids: Pids },
  work: (item: T, client: number) => Promise<void>,
): Promise<Sample> {
  const { items, clients, pids } = load;
  const tookMs: number[] = [];
  const spent = countCpu({ ...pids, client: process.pid });
  const startedMs = performance.now();
  await closedLoop(items, clients, async (item, client) => {
    const beganMs = performance.now();
    await work(item, client);
    tookMs.push(performance.now() - beganMs);
  });
  const ms = performance.now() - startedMs;
  const cpu = Object.entries(spent()).map(
    ([name, cpuMs]) => [`${name} CPU ms`, cpuMs / items.length] as const,
  );
  const allCpuMs = cpu.reduce((sum, [, each]) => sum + each, 0);
  return {
    value: (items.length / ms) * 1_000,
    also: {
      'p50 ms': percentile(tookMs, 50),
      'p95 ms': percentile(tookMs, 95),
      'p99 ms': percentile(tookMs, 99),
      ...Object.fromEntries(cpu),
      ...(cpu.length > 0 && { [ALL_CPU]: allCpuMs }),
    },
  };
}

/** Gives each client a connection of its own, spread over the ports, and closes all at the end. */
export async function withWires<T>(
  ports: readonly number[],
  clients: number,
  use: (wires: Wire[]) => Promise<T>,
): Promise<T> {
  const wires = wiresTo(ports, clients);
  try {
    return await use(wires);
  } finally {
    for (const wire of wires) wire.close();
  }
}

/** New connections, spread evenly over the ports. */
export function wiresTo(ports: readonly number[], count: number): Wire[] {
  return Array.from({ length: count }, (_, n) => new Wire(ports[n % ports.length] as number));
}

/** Sends until the answer is not 503, and waits for `Retry-After` before each retry. */
export async function sendUntilServed(wire: Wire, request: string): Promise<Answer> {
  for (;;) {
    const answer = await wire.send(request);
    if (answer.status !== 503) return answer;
    await sleep(Number(headerOf(answer, 'retry-after') ?? 1) * 1_000);
  }
}
