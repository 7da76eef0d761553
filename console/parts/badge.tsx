import type { ComponentChildren } from 'preact';
import { t, wordFor } from '../app/text/index.ts';
import type { ClaimState, UserStatus } from '../app/types.ts';

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

const USER_TONES: Record<UserStatus, Tone> = {
  ACTIVE: 'good',
  SUSPENDED: 'warn',
  BANNED: 'bad',
  WITHDRAWN: 'plain',
};

/** A user's status. */
export function UserStatusBadge({ status }: { status: UserStatus }) {
  return <Badge tone={USER_TONES[status]}>{wordFor(t().words.userStatus, status)}</Badge>;
}
