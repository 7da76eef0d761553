/** How the simulated game misbehaves: simulator rules by name, on top of an ordinary bad day. */
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';

/** Longer than a call to the provider may take (`FULFILLMENT_TIMEOUT_MS`), in milliseconds. */
const TOO_SLOW_MS = 2_500;

const ANY = ['grant', 'lookup', 'revoke'] as const;
const any = { on: [...ANY] };

/** Simulator rules by mood. */
export const MOODS = {
  /** Answers 503. */
  down: [{ do: 'fail', status: 503, retryAfter: '1', ...any }],
  /** Answers 429. */
  busy: [{ do: 'fail', status: 429, retryAfter: '1', ...any }],
  unreachable: [{ do: 'dropBeforeGrant', ...any }],
  /** Does everything, but no answer arrives. */
  mute: [{ do: 'dropAfterGrant', ...any }],
  /** Does everything, but its answers come after the caller's timeout. */
  slow: [{ do: 'delay', delayMs: TOO_SLOW_MS, ...any }],
  /** A grant takes effect after the caller's timeout. */
  late: [{ do: 'applyLate', applyAfterMs: TOO_SLOW_MS }],
  refusing: [{ do: 'refuse' }],
  /** Decides later, and calls back. */
  pondering: [{ do: 'pending', settleAfterMs: 1_500 }],
  /** Decides later, against the player, and does not call back. */
  turning: [{ do: 'pending', settleAfterMs: 1_000, outcome: 'REFUSED', callback: false }],
  /** Never decides. */
  undecided: [{ do: 'pending' }],
  /** Refuses new grants, and refuses to take old ones back. */
  stubborn: [{ do: 'refuseRevoke' }, { do: 'refuse' }],
} satisfies Record<string, RuleInput[]>;

export type Mood = keyof typeof MOODS;

/** What goes wrong all the time. Each decision depends only on seed, grant and attempt. */
export function badDay(seed: number): RuleInput {
  return {
    do: 'mix',
    seed,
    refuse: 0.02,
    fail: 0.06,
    dropBeforeGrant: 0.02,
    dropAfterGrant: 0.05,
    pending: 0.06,
    settleAfterMs: 400,
    delayMs: [0, 60],
  };
}
