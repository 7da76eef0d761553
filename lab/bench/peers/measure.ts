/** Measures one side under load: claims a second, the time of one, and its CPU time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withWires } from '../closed-loop.ts';
import type { Sample } from '../figures.ts';
import type { Wire } from '../http-wire.ts';
import { percentile } from '../percentiles.ts';
import { cpuMsOf } from './cpu-time.ts';
import { claimOn, type Side } from './side.ts';

export interface Load {
  clients: number;
  /** Time under load before the measurement: the first claims find idle servers. */
  warmMs: number;
  /** Time that is measured. */
  windowMs: number;
}

export interface Measured {
  sample: Sample;
  /** All granted claims, also those outside the window. */
  granted: number;
}

interface Moment {
  atMs: number;
  claims: number;
  cpuMs: Record<string, number>;
}

/**
 * Claims in a closed loop: each client sends its next claim when its last one is final.
 * @throws Error at the first claim that is not granted
 */
export async function measure(side: Side, eventId: string, load: Load): Promise<Measured> {
  const tookMs: number[] = [];
  const waiting = side.players.entries();
  let isOpen = true;
  const client = async (wire: Wire) => {
    for (const [n, player] of waiting) {
      const beganMs = performance.now();
      const outcome = await claimOn(side, wire, { player, eventId, key: `${eventId}-${n}` });
      if (outcome !== 'GRANTED') throw new Error(`${side.name}: a claim was ${outcome}`);
      tookMs.push(performance.now() - beganMs);
      if (!isOpen) return;
    }
    throw new Error(`${side.name} has too few players for so long a round`);
  };
  const moment = (): Moment => {
    return { atMs: performance.now(), claims: tookMs.length, cpuMs: cpuMsBy(side) };
  };
  return await withWires([side.port], load.clients, async (wires) => {
    const clients = Promise.all(wires.map(client));
    // A failed claim ends the round at once, not at the end of the window.
    const orFailure = (ms: number) => Promise.race([sleep(ms), clients]);
    await orFailure(load.warmMs);
    const from = moment();
    // On a busy machine a short window may have no claim: then it is extended.
    do await orFailure(load.windowMs);
    while (tookMs.length === from.claims);
    const to = moment();
    const inWindow = tookMs.slice(from.claims, to.claims);
    isOpen = false;
    await clients;
    return { sample: sampleOf(from, to, inWindow), granted: tookMs.length };
  });
}

function cpuMsBy(side: Side): Record<string, number> {
  const { server, node, mongod } = side.pids();
  const { user, system } = process.cpuUsage();
  return {
    server: cpuMsOf(server),
    node: cpuMsOf(node),
    mongod: cpuMsOf(mongod),
    // Without children: all other processes are children of this one.
    client: (user + system) / 1_000,
  };
}

function sampleOf(from: Moment, to: Moment, tookMs: number[]): Sample {
  const cpu = Object.entries(to.cpuMs).map(([name, ms]) => [
    `${name} CPU ms`,
    (ms - (from.cpuMs[name] ?? 0)) / tookMs.length,
  ]);
  return {
    value: (tookMs.length / (to.atMs - from.atMs)) * 1_000,
    also: {
      'p50 ms': percentile(tookMs, 50),
      'p95 ms': percentile(tookMs, 95),
      ...Object.fromEntries(cpu),
    },
  };
}
