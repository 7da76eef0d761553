/** One chaos run: from an empty data folder to its verdict. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Say } from '../../local/progress.ts';
import { check, type Difference } from './checks.ts';
import { details } from './claim-details.ts';
import type { Facts } from './facts.ts';
import { FaultInjector, MISSED } from './fault-injector.ts';
import { type Done, type Figures, figuresOf } from './figures.ts';
import { gatherFacts } from './gather-facts.ts';
import { mend, untilAllFinal } from './healing.ts';
import type { Plan } from './plan.ts';
import { playClaims, type Story } from './players.ts';
import { faultText, timed } from './report-text.ts';
import { openScene, type Scene } from './scene.ts';
import { watchStock } from './stock-watch.ts';

export interface ChaosVerdict {
  figures: Figures;
  differences: Difference[];
  /** Everything known about the claims that differ, as text. */
  details: string;
}

/** Where a run prints what it does. */
export interface Display {
  /** Takes a line that stays. */
  say: Say;
  /** Takes the line that shows the current state. */
  progress: Say;
  /** Takes what the supervisor of the processes says. */
  log: Say;
}

/** What was played, and its results. */
interface Played {
  stories: Story[];
  done: Done[];
  unbalanced: string[];
  healedMs: number;
}

/**
 * Plays the plan over an empty data folder, and writes the facts to `facts.json` in it.
 * @throws NoBinary, StartFailure; the reason of `signal` when it aborts
 */
export async function runChaos(
  plan: Plan,
  dataDir: string,
  display: Display,
  signal: AbortSignal,
): Promise<ChaosVerdict> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  display.say('Starting MongoDB, Temporal, the game, two APIs and two workers');
  const scene = await openScene(plan, dataDir, display.log, signal);
  try {
    const played = await play(plan, scene, display, signal);
    const { stories, unbalanced } = played;
    const facts: Facts = { ...(await gatherFacts(scene, stories, signal)), unbalanced };
    writeFileSync(join(dataDir, 'facts.json'), JSON.stringify(facts, undefined, 1));
    const differences = check(facts);
    const mended = await scene.store.reconciliations.totals();
    const { done, healedMs } = played;
    const run = { seed: plan.seed, done, mended, healedMs, differences: differences.length };
    return {
      figures: figuresOf(facts, run),
      differences,
      details: await details(facts, differences, scene.runs),
    };
  } finally {
    await scene.close();
  }
}

/** Plays claims and faults at the same time, and then heals. */
async function play(
  plan: Plan,
  scene: Scene,
  { say, progress }: Display,
  signal: AbortSignal,
): Promise<Played> {
  const startMs = performance.now();
  const at = (text: string) => timed(performance.now() - startMs, text);
  const done: Done[] = [];
  let answered = 0;
  const showProgress = (open: number, parked: number) => {
    const claims = `${answered} of ${plan.claims.length} claims answered`;
    progress(at(`${claims}, ${open} open, ${parked} of them parked; ${done.length} faults`));
  };
  const watch = watchStock(scene.store, showProgress);
  const injector = new FaultInjector({
    ...scene,
    seed: plan.seed,
    onDone: (fault, hit) => {
      done.push({ fault, hit: !hit.startsWith(MISSED) });
      say(at(`${faultText(fault)}${hit === '' ? '' : ` (${hit})`}`));
    },
  });
  say('Claims and faults begin');
  const playing = playClaims(scene, plan, { onStory: () => answered++, giveUp: signal });
  playing.catch(() => {});
  await injector.run(plan, signal);
  say(at('the faults are over, everything is mended'));
  const healFromMs = performance.now();
  await mend(scene, signal);
  const stories = await playing;
  const isHealed = await untilAllFinal(scene, signal);
  const healedMs = performance.now() - healFromMs;
  say(at(isHealed ? 'every claim is final' : 'claims are still open: given up'));
  return { stories, done, unbalanced: await watch.stop(), healedMs };
}
