/** A claim's steps S1 to S5 and its undoing, by `product.md` and its case table. One move is atomic. */
import type { Reason } from '../../domain/claims/claim.ts';
import { type Claim, type Line, named, type World, withClaim } from './world.ts';

type Move = (claim: Claim) => void;

/** A claim that was just recorded, with its entitlements. */
export function newClaim(
  request: Pick<Claim, 'player' | 'event' | 'choice' | 'isAsked'>,
  lines: Line[],
): Claim {
  return {
    ...request,
    state: 'PENDING_VALIDATION',
    reason: null,
    lines,
    isStarted: false,
    isEntitled: true,
    undoneFor: null,
    decision: null,
  };
}

/** Whether a claim in this state will never change again. */
export const isFinal = (state: string): boolean =>
  ['GRANTED', 'REJECTED', 'FAILED'].includes(state);

/** The worlds that a claim's next move can lead to. Empty while it waits for something outside. */
export function claimSteps(world: World, name: string): World[] {
  return moves(world, named(world.claims, name)).map((move) => withClaim(world, name, move));
}

function moves(world: World, claim: Claim): Move[] {
  const hasLeft = named(world.players, claim.player) !== 'ACTIVE';
  switch (claim.state) {
    case 'PENDING_VALIDATION':
      return claim.isStarted ? validate(claim, hasLeft) : [];
    case 'FULFILLING':
      return claim.isAsked ? fulfil(claim, hasLeft) : deliver(hasLeft);
    case 'NEEDS_ATTENTION':
      return claim.undoneFor === null ? leaveParking(claim, hasLeft) : undoAnyway(claim);
    case 'COMPENSATING':
      return [compensate];
    default:
      return [];
  }
}

/** S1 to S3. The units are already held. */
function validate({ lines }: Claim, hasLeft: boolean): Move[] {
  if (!hasLeft) return [beginFulfillment];
  const holdsUnits = lines.some((line) => line.units === 'HELD');
  return holdsUnits
    ? [undo('USER_NOT_ACTIVE')]
    : [undo('USER_NOT_ACTIVE'), refuse('USER_NOT_ACTIVE')];
}

function beginFulfillment(claim: Claim): void {
  claim.state = 'FULFILLING';
}

/** Ends a claim that holds nothing and was given nothing. No provider is asked to take anything back. */
export function refuse(reason: Reason): Move {
  return (claim) => {
    claim.undoneFor = reason;
    end(claim);
  };
}

/** S4 of our own mailbox: no provider is asked. */
function deliver(hasLeft: boolean): Move[] {
  return hasLeft ? [undo('USER_NOT_ACTIVE')] : [settle];
}

/**
 * S4: every line is asked for, then every answer is read. The worst answer decides. No move while a
 * grant is pending.
 */
function fulfil(claim: Claim, hasLeft: boolean): Move[] {
  const { lines } = claim;
  // The player's status is read last before the end, or before the last answer: both are allowed.
  if (lines.every((line) => line.known === 'CONFIRMED')) {
    return hasLeft ? [settle, undo('USER_NOT_ACTIVE')] : [settle];
  }
  if (hasLeft) return [undo('USER_NOT_ACTIVE')];
  const unasked = lines.findIndex((line) => line.known === 'NOTHING');
  if (unasked >= 0) return [(now) => ask(now.lines[unasked] as Line)];
  if (lines.some((line) => line.known === 'ASKED' && line.atProvider !== 'PENDING')) return [hear];
  if (lines.some((line) => line.known === 'ASKED')) return [];
  if (lines.some((line) => line.known === 'REFUSED')) return [undo('FULFILLMENT_REFUSED')];
  return [park];
}

/** What the provider does with a request. A grant that it has on record does not change. */
function ask(line: Line): void {
  const now = line.tries[0];
  line.known = now === 'DOWN' || now === 'MUTE' || now === 'DEAF' ? 'SPENT' : 'ASKED';
  if (line.known === 'ASKED') line.tries.shift();
  if (line.atProvider !== 'NEVER_SEEN' || now === 'DOWN' || now === 'MUTE') return;
  if (now === 'REFUSE') line.atProvider = 'REFUSED';
  else if (now === 'PEND') line.atProvider = 'PENDING';
  else give(line);
}

/** The provider gives the line's reward to the player. */
export function give(line: Line): void {
  line.atProvider = 'GRANTED';
  line.given += 1;
}

function hear({ lines }: Claim): void {
  for (const line of lines) {
    if (line.known !== 'ASKED' || line.atProvider === 'PENDING') continue;
    line.known = line.atProvider === 'GRANTED' ? 'CONFIRMED' : 'REFUSED';
  }
}

/** Every attempt was made. The holds are kept until an admin decides. */
function park(claim: Claim): void {
  const spent = claim.lines.find((line) => line.known === 'SPENT');
  const met = spent?.tries[0];
  claim.state = 'NEEDS_ATTENTION';
  claim.reason = met === 'DOWN' ? 'FULFILLMENT_UNAVAILABLE' : 'FULFILLMENT_UNKNOWN';
}

/** S5: holds become grants. */
function settle(claim: Claim): void {
  for (const line of claim.lines) line.units = 'GRANTED';
  claim.state = 'GRANTED';
}

/**
 * A parked claim follows the admin's decision, or ends because its player has left. If both are
 * there, either may be seen first.
 */
function leaveParking({ decision }: Claim, hasLeft: boolean): Move[] {
  const moves: Move[] = [];
  if (decision === 'ABORT') moves.push(undo('ABORTED_BY_ADMIN'));
  if (hasLeft) moves.push(undo('USER_NOT_ACTIVE'));
  else if (decision === 'RETRY') moves.push(tryAgain);
  return moves;
}

function tryAgain(claim: Claim): void {
  claim.state = 'FULFILLING';
  claim.reason = null;
  claim.decision = null;
  for (const line of claim.lines.filter((l) => l.known === 'SPENT')) {
    line.known = 'NOTHING';
    line.tries.shift();
  }
}

function undo(reason: Reason): Move {
  return (claim) => {
    claim.state = 'COMPENSATING';
    claim.undoneFor = reason;
    claim.decision = null;
  };
}

/** An undoing that is parked. A retry asks the provider again. An abort lets the player keep the line. */
function undoAnyway({ decision }: Claim): Move[] {
  if (decision === null) return [];
  return [
    (claim) => {
      claim.state = 'COMPENSATING';
      claim.decision = null;
      if (decision === 'RETRY') for (const line of claim.lines) line.isKept = false;
    },
  ];
}

/** Takes back what a provider may have given. Parks if it refuses, unless an admin has given up on it. */
function compensate(claim: Claim): void {
  const isGivenUp = claim.lines.some((line) => line.isKept);
  if (claim.isAsked && !isGivenUp) for (const line of claim.lines) revoke(line);
  if (!isGivenUp && claim.lines.some((line) => line.isKept)) {
    claim.state = 'NEEDS_ATTENTION';
    claim.reason = 'COMPENSATION_FAILED';
    return;
  }
  end(claim);
}

/** A refusal counts only for a line that the provider has granted. */
function revoke(line: Line): void {
  line.isKept = line.isStubborn && line.atProvider === 'GRANTED';
  line.isStubborn = false;
  if (!line.isKept && line.atProvider !== 'REFUSED') line.atProvider = 'REVOKED';
}

/** Kept lines stay granted, and so does the entitlement. Everything else is given back. */
function end(claim: Claim): void {
  const keepsSome = claim.lines.some((line) => line.isKept);
  for (const line of claim.lines) line.units = line.isKept ? 'GRANTED' : 'NONE';
  claim.isEntitled = keepsSome;
  claim.reason = keepsSome ? 'COMPENSATION_FAILED' : claim.undoneFor;
  claim.state = isRefusal(claim.reason) ? 'REJECTED' : 'FAILED';
}

/** Whether this reason ends a claim as `REJECTED`, not as `FAILED`. */
const isRefusal = (reason: Reason | null): boolean => reason === 'SOLD_OUT';
