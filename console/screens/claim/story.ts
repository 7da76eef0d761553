import { t, wordFor } from '../../app/text/index.ts';
import type { Claim, Step } from '../../app/types.ts';
import type { Tone } from '../../parts/badge.tsx';
import type { TimelineItem } from '../../parts/timeline.tsx';

const TONES: Record<Step['outcome'], Tone> = {
  OK: 'good',
  SKIPPED: 'plain',
  REFUSED: 'bad',
  FAILED: 'bad',
  PARKED: 'warn',
  STOPPED: 'warn',
};

/** The claim's recorded steps as a timeline, its undoing included. */
export function storyOf({ steps, explanation }: Claim): TimelineItem[] {
  const { words } = t();
  return steps.map(({ step, outcome, startedAt, endedAt, attempts, detail }) => ({
    key: step,
    title: [/^S\d/.exec(step)?.[0], wordFor(words.step, step)].filter(Boolean).join(' '),
    outcome: wordFor(words.outcome, outcome),
    tone: TONES[outcome],
    startedAt,
    endedAt,
    attempts,
    // The judged condition says it better, and in the viewer's language.
    detail: step === 'S2_CONDITIONS' && explanation ? null : detail,
  }));
}
