import type { ComponentChildren } from 'preact';
import { t, wordFor } from '../app/text/index.ts';
import type { ClaimState } from '../app/types.ts';

/** `wait`: it goes on by itself. `warn`: a person is needed. */
export type Tone = 'good' | 'bad' | 'warn' | 'wait' | 'plain';

/** A short word in a colour. The word says all; the colour only helps to find it. */
export function Badge(props: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${props.tone ?? 'plain'}`}>{props.children}</span>;
}

const CLAIM_TONES: Partial<Record<ClaimState, Tone>> = {
  GRANTED: 'good',
  NEEDS_ATTENTION: 'warn',
  REJECTED: 'plain',
  FAILED: 'bad',
};

/** A claim's state. */
export function ClaimStateBadge({ state }: { state: ClaimState }) {
  return <Badge tone={CLAIM_TONES[state] ?? 'wait'}>{wordFor(t().words.claimState, state)}</Badge>;
}
