/** A claim from the client's side: the requests, and reading the answers. */
import { randomUUID } from 'node:crypto';
import { type ClaimState, isFinal as isFinalState } from '../../domain/claims/claim.ts';
import { sendUntilServed } from './closed-loop.ts';
import { type Answer, requestOf, type Wire } from './http-wire.ts';
import type { Player } from './players.ts';

/** A claim as the API answers it, without the fields that nobody reads here. */
export interface ClaimAnswer {
  claimId: string;
  state: string;
  reason: string | null;
  acceptedAt: string;
  lines: { state: string }[];
  steps: { step: string; outcome: string; startedAt: string; endedAt: string }[];
}

/** The longest `Prefer: wait` that the API takes, in seconds. */
const WAIT_S = 30;

/** A claim with a new key. @param waitS `Prefer: wait` in seconds; 0 for none */
export function claimRequest(eventId: string, { token }: Player, waitS = WAIT_S): string {
  return requestOf('POST', `/api/event-claims/${eventId}/claim`, {
    authorization: `Bearer ${token}`,
    'idempotency-key': randomUUID(),
    ...(waitS > 0 && { prefer: `wait=${waitS}` }),
  });
}

/** The status of a claim. @param waitS `Prefer: wait` in seconds; 0 for none */
export function statusRequest(claimId: string, { token }: Player, waitS = 0): string {
  return requestOf('GET', `/api/event-claims/${claimId}`, {
    authorization: `Bearer ${token}`,
    ...(waitS > 0 && { prefer: `wait=${waitS}` }),
  });
}

/** The claim in an answer. @throws Error for any other answer */
export function claimIn(answer: Answer): ClaimAnswer {
  if (answer.status >= 300)
    throw new Error(`a claim was answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body) as ClaimAnswer;
}

/** Whether the claim will not change any more. */
export function isFinal({ state }: Pick<ClaimAnswer, 'state'>): boolean {
  return isFinalState(state as ClaimState);
}

/** Asks for the claim, with `Prefer: wait`, until it is final. */
async function followed(wire: Wire, player: Player, claim: ClaimAnswer): Promise<ClaimAnswer> {
  let now = claim;
  while (!isFinal(now)) {
    now = claimIn(await sendUntilServed(wire, statusRequest(claim.claimId, player, WAIT_S)));
  }
  return now;
}

/** Claims and waits for the end. @throws Error if the claim is not granted */
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
