/** What a soak runs over: the stack of the chaos run, with its faults where they are wanted. */
import { readdirSync } from 'node:fs';
import { keptSecrets } from '../../local/data-folder.ts';
import type { Say } from '../../local/progress.ts';
import { check, type Difference } from '../chaos/checks.ts';
import { readCollections } from '../chaos/facts.ts';
import { mend, runsLeft, untilAllFinal, untilReconciledTwice } from '../chaos/healing.ts';
import { FaultInjector, MISSED } from '../chaos/fault-injector.ts';
import { makePlan, OWN_PROCESSES, type Plan, SERVERS } from '../chaos/plan.ts';
import type { Story } from '../chaos/players.ts';
import { openScene, type Scene } from '../chaos/scene.ts';
import { faultText } from '../chaos/report-text.ts';
import { makeEvent } from './collections.ts';
import { tokensOf } from './players.ts';
import type { Load } from './soak-load.ts';
import type { SoakOptions } from './soak-options.ts';
import type { ProcessMinute } from './soak-verdict.ts';
import { memoryOf } from './process-usage.ts';

/** More than a soak of a day can give away. */
const STOCK = 10_000_000;

/** Of a chaos run's faults each comes so much later: its twenty seconds become two minutes. */
const STRETCH = 6;

export interface SoakStack {
  load: Load;
  /** Plays the faults of the plan; resolves when they are over. */
  disturb(say: Say, signal: AbortSignal): Promise<void>;
  /** Each process as it is now, by name. */
  look(): Record<string, ProcessMinute>;
  /** Lets everything come to its end, and holds every book against every other. */
  verdict(stories: Story[], signal: AbortSignal): Promise<Difference[]>;
  close(): Promise<void>;
}

/** @throws NoBinary, StartFailure */
export async function openSoak(
  { minutes, faults, seed }: SoakOptions,
  dataDir: string,
  log: Say,
  signal: AbortSignal,
): Promise<SoakStack> {
  const plan = planFor(seed, minutes * 60);
  const scene = await openScene(plan, dataDir, log, signal);
  const collections = { store: scene.store, database: scene.database };
  const events = [
    await makeEvent(collections, STOCK),
    await makeEvent(collections, STOCK, { fulfillment: { provider: 'simulator' } }),
  ];
  if (!faults) await scene.game.behave([]);
  return {
    load: {
      collections,
      tokens: await tokensOf((await keptSecrets(dataDir)).jwtKeys),
      client: scene.client,
      eventIds: events.map(({ eventId }) => eventId),
    },
    disturb: async (say, stop) => {
      if (faults) await injectorOf(scene, seed, say).run(plan, stop);
    },
    look: () => lookAt(scene),
    verdict: (stories, giveUp) => verdictOf(scene, stories, giveUp),
    close: () => scene.close(),
  };
}

/** The faults of a shorter chaos run, each later; the claims are the soak's own. */
function planFor(seed: number, seconds: number): Plan {
  const plan = makePlan(seed, Math.max(5, Math.floor(seconds / STRETCH)));
  const faults = plan.faults.map((fault) => ({ ...fault, atMs: fault.atMs * STRETCH }));
  return { ...plan, seconds, players: 12, claims: [], faults };
}

function injectorOf(scene: Scene, seed: number, say: Say) {
  return new FaultInjector({
    ...scene,
    // Those of the plan's players who leave are counted round, as there are few.
    players: Array.from({ length: 60 }, (_, n) => scene.players[n % scene.players.length] as never),
    seed,
    onDone: (fault, hit) => {
      if (!hit.startsWith(MISSED)) say(`  ${faultText(fault)}`);
    },
  });
}

function lookAt({ stack }: Scene): Record<string, ProcessMinute> {
  const found: Record<string, ProcessMinute> = {};
  for (const name of [...OWN_PROCESSES, ...SERVERS]) {
    const pid = stack.pid(name);
    const memory = pid === undefined ? undefined : memoryOf(pid);
    const handles = pid === undefined ? undefined : handlesOf(pid);
    if (memory && handles) found[name] = { rssMiB: memory.rssMiB, handles };
  }
  return found;
}

function handlesOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

async function verdictOf(
  scene: Scene,
  stories: Story[],
  signal: AbortSignal,
): Promise<Difference[]> {
  await mend(scene, signal);
  await untilAllFinal(scene, signal);
  const isReconciled = await untilReconciledTwice(scene, signal);
  return check({
    stories,
    unbalanced: (await scene.store.stock.unbalanced()).map(({ _id }) => String(_id)),
    isReconciled,
    runsLeft: await runsLeft(scene, signal),
    ledger: await scene.game.ledger(),
    shown: await scene.staff.grants(signal),
    internalErrors: scene.client.internalErrors,
    ...(await readCollections(scene.database, scene.store)),
  });
}
