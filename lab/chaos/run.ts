/** One chaos run, from an empty data folder to the verdict. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Say } from '../../local/progress.ts';
import { check, type Difference } from './checks.ts';
import { details } from './details.ts';
import { type Facts, readBooks } from './facts.ts';
import { type Done, type Figures, figuresOf } from './figures.ts';
import { mend, runsLeft, untilAllFinal, untilReconciledTwice } from './healing.ts';
import { createInjector, MISSED } from './injector.ts';
import type { Plan } from './plan.ts';
import { playClaims, type Story } from './players.ts';
import { openScene, type Scene } from './scene.ts';
import { watchBooks } from './watch.ts';
import { faultText, timed } from './words.ts';

interface Verdict {
  figures: Figures;
  differences: Difference[];
  /** All that is known of the claims that differ, for a person. */
  details: string;
}

/** Where a run tells what it does. */
interface Display {
  /** Takes a line to stay. */
  say: Say;
  /** Takes where the run stands now. */
  progress: Say;
  /** Takes what the processes' supervisor says. */
  log: Say;
}

/** What was played, and what came of it. */
interface Played {
  stories: Story[];
  done: Done[];
  unbalanced: string[];
  healedMs: number;
}

/**
 * Plays the plan over an empty data folder, and leaves all it knows in `facts.json` there.
 * @throws NoBinary, StartFailure; what `signal` aborts with
 */
export async function runChaos(
  plan: Plan,
  dataDir: string,
  display: Display,
  signal: AbortSignal,
): Promise<Verdict> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  display.say('Starting MongoDB, Temporal, the game, two APIs and two workers');
  const scene = await openScene(plan, dataDir, display.log, signal);
  try {
    const played = await play(plan, scene, display, signal);
    const facts = await gather(scene, played, signal);
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

/** Claims and faults side by side, then the healing. */
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
  const tell = (open: number, parked: number) => {
    const claims = `${answered} of ${plan.claims.length} claims answered`;
    progress(at(`${claims}, ${open} open, ${parked} of them parked; ${done.length} faults`));
  };
  const watch = watchBooks(scene.store, tell);
  const injector = createInjector({
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

/** Waits for reconciliation to have had its say, then reads every book. */
async function gather(scene: Scene, played: Played, signal: AbortSignal): Promise<Facts> {
  const { stories, unbalanced } = played;
  const isReconciled = await untilReconciledTwice(scene, signal);
  return {
    stories,
    unbalanced,
    isReconciled,
    runsLeft: await runsLeft(scene, signal),
    ledger: await scene.game.ledger(),
    shown: await scene.staff.grants(signal),
    internalErrors: scene.client.internalErrors,
    ...(await readBooks(scene.database, scene.store)),
  };
}
