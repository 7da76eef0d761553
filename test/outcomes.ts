/** What became of a claim, as one thing to compare: its record, the stock, the entitlement, the provider. */
import assert from 'node:assert/strict';
import { dataOf } from '../client/index.ts';
import type { Line } from '../domain/claims/claim.ts';
import { isMailbox } from '../domain/claims/fulfillment.ts';
import type { UserStatus } from '../domain/user.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { ended, givenBy, hasEntitlement, levelsOf } from './helpers.ts';
import type { Laurel } from './laurel.ts';

/** The recorded steps of a claim that was granted without trouble. */
export const GRANTED_STEPS = [
  'S0_ACCEPT OK',
  'S1_VALIDATE OK',
  'S2_CONDITIONS SKIPPED',
  'S3_RESERVE OK',
  'S4_FULFIL OK',
  'S5_SETTLE OK',
];

/** The recorded steps of a claim that was undone after S4 ended with this outcome. */
export const undoneSteps = (s4: string): string[] => [
  ...GRANTED_STEPS.slice(0, 4),
  `S4_FULFIL ${s4}`,
  'UNDO_FULFIL OK',
  'UNDO_RESERVE OK',
  'UNDO_ENTITLEMENT OK',
];

/** The claim's recorded steps, each as `{step} {outcome}`. Checks that no step ends before it starts. */
export function stepsOf({ steps }: Pick<Claim, 'steps'>): string[] {
  for (const { step, startedAt, endedAt } of steps) {
    assert.ok(startedAt <= endedAt, `${step} starts before it ends`);
  }
  return steps.map(({ step, outcome }) => `${step} ${outcome}`);
}

/** `stock = available + held + granted`, checked and spelled out: `10 = 9 + 0 + 1`. */
export async function sumOf(
  laurel: Pick<Laurel, 'store'>,
  of: { eventId: string },
  rewardId?: string,
): Promise<string> {
  const { stock, available, held, granted } = await levelsOf(laurel, of, rewardId);
  assert.equal(stock, available + held + granted);
  return `${stock} = ${available} + ${held} + ${granted}`;
}

function givenAs(laurel: Laurel, claim: Claim, { lineId, state }: Line): string {
  // The mailbox gives what the claim's own line says.
  if (isMailbox(claim.snapshot.provider)) return state === 'GRANTED' ? state : 'NEVER_SEEN';
  const given = givenBy(laurel, claim._id, lineId);
  return given ? `${given.state} ×${given.applied}` : 'NEVER_SEEN';
}

async function perLine<T>(lines: Line[], tell: (line: Line) => T | Promise<T>) {
  const entries = lines.map(async (line) => [line.lineId, await tell(line)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Waits for the end of a claim and returns everything about it: `end` is its state and reason, `given`
 * what its provider says (at the simulated game with how often the player got it), `levels` the sum
 * of each limited reward.
 */
export async function outcomeOf(laurel: Laurel, claimId: string, timeoutMs?: number) {
  const claim = await ended(laurel, claimId, timeoutMs);
  assert.equal(claim.open, undefined, 'a final claim is not open');
  const limited = claim.lines.filter((line) => line.buckets !== null);
  return {
    end: claim.reason === null ? claim.state : `${claim.state} / ${claim.reason}`,
    steps: stepsOf(claim),
    lines: await perLine(claim.lines, (line) => line.state),
    given: await perLine(claim.lines, (line) => givenAs(laurel, claim, line)),
    isEntitled: await hasEntitlement(laurel, claimId),
    levels: await perLine(limited, ({ lineId }) => sumOf(laurel, claim, lineId)),
  };
}

/** The outcome of a claim of one cape of ten through the mailbox, without trouble. */
export const GRANTED = {
  end: 'GRANTED',
  steps: GRANTED_STEPS,
  lines: { cape: 'GRANTED' },
  given: { cape: 'GRANTED' },
  isEntitled: true,
  levels: { cape: '10 = 9 + 0 + 1' },
};

/** The same through the simulated game. */
export const GRANTED_BY_GAME = { ...GRANTED, given: { cape: 'GRANTED ×1' } };

/** An admin changes the player's status over HTTP, which also tells the player's claims. */
export async function leaves(
  laurel: Pick<Laurel, 'signIn' | 'as'>,
  userId: string,
  status: UserStatus = 'BANNED',
): Promise<void> {
  const { token } = await laurel.signIn('ADMIN');
  const call = { params: { path: { userId } }, body: { status } };
  await dataOf(laurel.as(token).PATCH('/api/users/{userId}', call));
}

/** An admin decides on a parked claim over HTTP. */
export async function decide(
  laurel: Pick<Laurel, 'signIn' | 'as'>,
  claimId: string,
  decision: 'retry' | 'abort',
): Promise<void> {
  const { token } = await laurel.signIn('ADMIN');
  const call = { params: { path: { claimId } }, body: { note: 'seen' } };
  await dataOf(laurel.as(token).POST(`/api/event-claims/{claimId}/${decision}`, call));
}
