/** A player's side of a claim: what is sent, and what of it counts. */
import { randomUUID } from 'node:crypto';
import { type ClaimState, isFinal as isFinalState } from '../../domain/claims/claim.ts';
import { sendUntilServed } from './load.ts';
import type { Player } from './players.ts';
import { type Answer, requestOf, type Wire } from './wire.ts';

/** As the API answers a claim; what is not looked at is left out. */
export interface ClaimAnswer {
  claimId: string;
  state: string;
  reason: string | null;
  acceptedAt: string;
  lines: { state: string }[];
  steps: { step: string; outcome: string; startedAt: string; endedAt: string }[];
}

/** The longest that the API waits, in seconds. */
const WAIT_S = 30;

/** A claim with a key of its own, which waits for its end unless told not to. */
export function claimRequest(eventId: string, { token }: Player, waitS = WAIT_S): string {
  return requestOf('POST', `/api/event-claims/${eventId}/claim`, {
    authorization: `Bearer ${token}`,
    'idempotency-key': randomUUID(),
    ...(waitS > 0 && { prefer: `wait=${waitS}` }),
  });
}

export function statusRequest(claimId: string, { token }: Player, waitS = 0): string {
  return requestOf('GET', `/api/event-claims/${claimId}`, {
    authorization: `Bearer ${token}`,
    ...(waitS > 0 && { prefer: `wait=${waitS}` }),
  });
}

/** The claim that an answer holds. @throws Error for any other answer */
export function claimIn(answer: Answer): ClaimAnswer {
  if (answer.status >= 300)
    throw new Error(`a claim was answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body) as ClaimAnswer;
}

export function isFinal({ state }: Pick<ClaimAnswer, 'state'>): boolean {
  return isFinalState(state as ClaimState);
}

/** Follows a claim to its end, as a client does that prefers to wait. */
async function followed(wire: Wire, player: Player, claim: ClaimAnswer): Promise<ClaimAnswer> {
  let now = claim;
  while (!isFinal(now)) {
    now = claimIn(await sendUntilServed(wire, statusRequest(claim.claimId, player, WAIT_S)));
  }
  return now;
}

/** Claims and waits for the end. @throws Error unless it is granted */
export async function claimGranted(
  wire: Wire,
  eventId: string,
  player: Player,
): Promise<ClaimAnswer> {
  const answer = await sendUntilServed(wire, claimRequest(eventId, player));
  const claim = await followed(wire, player, claimIn(answer));
  if (claim.state === 'GRANTED') return claim;
  throw new Error(`a claim ended ${claim.state} / ${claim.reason}`);
}
