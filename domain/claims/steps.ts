/** A claim's story: one entry a step, however often and by however many runs it was tried. */
import type { Step } from './claim.ts';

/** The later telling of a step joins the earlier one: first start, last end and outcome, all attempts. */
function joined(earlier: Step, later: Step): Step {
  return { ...later, startedAt: earlier.startedAt, attempts: earlier.attempts + later.attempts };
}

/** The story with what happened since; a step already told is continued where it stands. */
export function withSteps(story: readonly Step[], since: readonly Step[]): Step[] {
  const told = [...story];
  for (const step of since) {
    const at = told.findIndex((s) => s.step === step.step);
    const earlier = told[at];
    if (earlier) told[at] = joined(earlier, step);
    else told.push(step);
  }
  return told;
}

/** A step with nothing to do. */
export function skipped(step: Step['step'], at: string): Step {
  return { step, outcome: 'SKIPPED', startedAt: at, endedAt: at, attempts: 0, detail: null };
}
