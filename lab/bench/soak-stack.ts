/** The stack of a soak: that of a chaos run, with the same faults if they are wanted. */
import { readdirSync } from 'node:fs';
import { keptSecrets } from '../../local/data-folder.ts';
import type { Say } from '../../local/progress.ts';
import { check, type Difference } from '../chaos/checks.ts';
import { FaultInjector, MISSED } from '../chaos/fault-injector.ts';
import { gatherFacts } from '../chaos/gather-facts.ts';
import { mend, untilAllFinal } from '../chaos/healing.ts';
import { makePlan, OWN_PROCESSES, type Plan, SERVERS } from '../chaos/plan.ts';
import type { Story } from '../chaos/players.ts';
import { faultText } from '../chaos/report-text.ts';
import { openScene, type Scene } from '../chaos/scene.ts';
import { makeEvent } from './collections.ts';
import { tokensOf } from './players.ts';
import { memoryOf } from './process-usage.ts';
import type { Load } from './soak-load.ts';
import type { SoakOptions } from './soak-options.ts';
import type { ProcessMinute } from './soak-verdict.ts';

/** Units of each event: more than a soak of a day can grant. */
const STOCK = 10_000_000;

/** Factor by which faults come later than in a chaos run: its twenty seconds become two minutes. */
const STRETCH = 6;

export interface SoakStack {
  load: Load;
  /** Injects the plan's faults. Resolves when they are over. */
  disturb(say: Say, signal: AbortSignal): Promise<void>;
  /** Memory and handles of each process now, by name. */
  look(): Record<string, ProcessMinute>;
  /** Waits until every claim is final, and then runs the checks of a chaos run. */
  verdict(stories: Story[], signal: AbortSignal): Promise<Difference[]>;
  close(): Promise<void>;
}

/** Starts everything over an empty data folder. @throws NoBinary, StartFailure */
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

/** The faults of a shorter chaos run, stretched. A soak sends its own claims. */
function planFor(seed: number, seconds: number): Plan {
  const plan = makePlan(seed, Math.max(5, Math.floor(seconds / STRETCH)));
  const faults = plan.faults.map((fault) => ({ ...fault, atMs: fault.atMs * STRETCH }));
  return { ...plan, seconds, players: 12, claims: [], faults };
}

function injectorOf(scene: Scene, seed: number, say: Say) {
  return new FaultInjector({
    ...scene,
    // The faults name up to 60 players, and there are fewer: their numbers wrap around.
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
  const facts = await gatherFacts(scene, stories, signal);
  const unbalanced = (await scene.store.stock.unbalanced()).map(({ _id }) => String(_id));
  return check({ ...facts, unbalanced });
}
