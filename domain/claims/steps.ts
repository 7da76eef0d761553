/** The steps on a claim's record: one entry a step, however many attempts and runs tried it. */
import type { Step } from './claim.ts';

/** Two entries of one step as one: first start, last end and outcome, all attempts. */
function joined(earlier: Step, later: Step): Step {
  return { ...later, startedAt: earlier.startedAt, attempts: earlier.attempts + later.attempts };
}

/**
 * The recorded steps with those that came since. A step that is recorded already is joined with its
 * entry, which stays in its place.
 */
export function withSteps(recorded: readonly Step[], since: readonly Step[]): Step[] {
  const steps = [...recorded];
  for (const step of since) {
    const at = steps.findIndex((s) => s.step === step.step);
    const earlier = steps[at];
    if (earlier) steps[at] = joined(earlier, step);
    else steps.push(step);
  }
  return steps;
}

/**
 * The entry of a step that had nothing to do.
 * @param at the step's start and end, ISO 8601
 */
export function skipped(step: Step['step'], at: string): Step {
  return { step, outcome: 'SKIPPED', startedAt: at, endedAt: at, attempts: 0, detail: null };
}
