/** A claim's life, S1 to S5 and back, after docs/product.md and its case table. One move is one moment. */
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

/** The worlds that a claim's next move can lead to; none where it rests. */
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

/** S1 to S3: its units are held already. */
function validate({ lines }: Claim, hasLeft: boolean): Move[] {
  if (!hasLeft) return [beginFulfillment];
  const mayLie = lines.some((line) => line.books === 'HELD');
  return mayLie ? [undo('USER_NOT_ACTIVE')] : [undo('USER_NOT_ACTIVE'), refuse('USER_NOT_ACTIVE')];
}

function beginFulfillment(claim: Claim): void {
  claim.state = 'FULFILLING';
}

/** Ends a claim of which nothing lies anywhere, so that no provider is asked to take it back. */
export function refuse(reason: Reason): Move {
  return (claim) => {
    claim.undoneFor = reason;
    end(claim);
  };
}

/** S4 of our own mailbox, where nobody is asked. */
function deliver(hasLeft: boolean): Move[] {
  return hasLeft ? [undo('USER_NOT_ACTIVE')] : [settle];
}

/** S4: every line is asked for, then heard of; the worst decides. Rests while a grant is pending. */
function fulfil(claim: Claim, hasLeft: boolean): Move[] {
  const { lines } = claim;
  // The last look at the player comes before the end, or before the last answer.
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

/** What the provider does with a request. A grant it has on record stays as it is. */
function ask(line: Line): void {
  const now = line.tries[0];
  line.known = now === 'DOWN' || now === 'MUTE' || now === 'DEAF' ? 'SPENT' : 'ASKED';
  if (line.known === 'ASKED') line.tries.shift();
  if (line.atProvider !== 'NEVER_SEEN' || now === 'DOWN' || now === 'MUTE') return;
  if (now === 'REFUSE') line.atProvider = 'REFUSED';
  else if (now === 'PEND') line.atProvider = 'PENDING';
  else give(line);
}

/** The player gets it. */
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

/** The retries are spent: the holds are kept until a person decides. */
function park(claim: Claim): void {
  const spent = claim.lines.find((line) => line.known === 'SPENT');
  const met = spent?.tries[0];
  claim.state = 'NEEDS_ATTENTION';
  claim.reason = met === 'DOWN' ? 'FULFILLMENT_UNAVAILABLE' : 'FULFILLMENT_UNKNOWN';
}

/** S5: holds become grants. */
function settle(claim: Claim): void {
  for (const line of claim.lines) line.books = 'GRANTED';
  claim.state = 'GRANTED';
}

/**
 * A parked claim goes by the admin's word, or ends as its player has left. Where both stand, either
 * may be seen first.
 */
function leaveParking({ decision }: Claim, hasLeft: boolean): Move[] {
  const ways: Move[] = [];
  if (decision === 'ABORT') ways.push(undo('ABORTED_BY_ADMIN'));
  if (hasLeft) ways.push(undo('USER_NOT_ACTIVE'));
  else if (decision === 'RETRY') ways.push(tryAgain);
  return ways;
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

/** An undoing that is stuck: a retry asks the provider again, an abort lets it keep what it has. */
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

/** Takes back what a provider may have given; parks where it refuses, unless it was given up on. */
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

/** Whoever refuses to take back what he never gave is not believed. */
function revoke(line: Line): void {
  line.isKept = line.isStubborn && line.atProvider === 'GRANTED';
  line.isStubborn = false;
  if (!line.isKept && line.atProvider !== 'REFUSED') line.atProvider = 'REVOKED';
}

/** What is kept stays granted and counted, and the entitlement with it; all else is given back. */
function end(claim: Claim): void {
  const keepsSome = claim.lines.some((line) => line.isKept);
  for (const line of claim.lines) line.books = line.isKept ? 'GRANTED' : 'NONE';
  claim.isEntitled = keepsSome;
  claim.reason = keepsSome ? 'COMPENSATION_FAILED' : claim.undoneFor;
  claim.state = isRefusal(claim.reason) ? 'REJECTED' : 'FAILED';
}

/** A rule said no, and nothing was kept. */
const isRefusal = (reason: Reason | null): boolean => reason === 'SOLD_OUT';
