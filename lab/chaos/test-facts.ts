/** Facts of a chaos run for the tests of its checks. */
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { Facts } from './facts.ts';
import type { ShownGrant } from './staff.ts';

const GAME_CLAIM = `clm_${'a'.repeat(40)}`;
const MAIL_CLAIM = `clm_${'b'.repeat(40)}`;
export const FAILED_CLAIM = `clm_${'c'.repeat(40)}`;
export const AT = new Date('2026-11-22T12:00:00Z');

/** A granted claim with one line of two capes; `given` changes it. */
export function claim(id: string, provider: string, given: Partial<Claim> = {}): Claim {
  return {
    _id: id,
    userId: `usr_${id.at(-1)}`,
    idempotencyKey: `key-${id.at(-1)}`,
    eventId: `evt_${provider}`,
    rewardId: null,
    periodKey: 'once',
    state: 'GRANTED',
    reason: null,
    fate: 'GRANT',
    fateReason: null,
    asked: true,
    lines: [
      {
        lineId: 'cape',
        kind: 'ITEM',
        name: 'Cape',
        quantity: 2,
        buckets: 1,
        state: 'GRANTED',
        grantedAt: AT,
      },
    ],
    steps: [],
    parking: null,
    version: 4,
    snapshot: {
      eventVersion: 1,
      provider,
      startsAt: AT,
      endsAt: AT,
      claimableUntil: AT,
      parkedAfter: { action: 'WAIT', hours: 24 },
    },
    entitlements: [`evt_${provider}/once/0`],
    acceptedAt: AT,
    recordedAt: AT,
    createdAt: AT,
    updatedAt: AT,
    endedAt: AT,
    ...given,
  };
}

/** What the player of a claim was answered: its state as it is. */
export const story = (of: Claim) => ({
  key: of.idempotencyKey,
  userId: of.userId,
  eventId: of.eventId,
  rewardId: of.rewardId,
  told: [{ claimId: of._id, state: of.state as string, reason: of.reason as string | null }],
  refusals: [],
});

/** A stock bucket of ten units without holds. */
export const bucket = (eventId: string, given: { available: number; granted: number }) => ({
  _id: `${eventId}/cape/0`,
  eventId,
  rewardId: 'cape',
  n: 0,
  quantity: 2,
  stock: 10,
  holds: [] as string[],
  ...given,
});

/** The game's grant for a claim's line; `given` changes it. */
export function ledgerGrant(of: Claim, given: Partial<LedgerGrant> = {}): LedgerGrant {
  const { _id: claimId, userId, eventId } = of;
  const grantId = `${claimId}:cape`;
  const reward = { rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 2 };
  return {
    grantId,
    asked: { grantId, claimId, userId, eventId, reward },
    state: 'GRANTED',
    applied: 1,
    refusedWith: null,
    settling: null,
    history: [],
    ...given,
  };
}

/** A claim's line as its player is shown it. */
export const shownOf = ({ _id, userId, eventId }: Claim): ShownGrant => {
  return { grantId: `${_id}:cape`, userId, eventId, quantity: 2 };
};

export const REVOKED_LINE = { state: 'REVOKED', grantedAt: null } as const;

/** Facts that keep every promise: a claim granted by the game, one by the mailbox, one undone at the game. */
export function wellKept() {
  const inGame = claim(GAME_CLAIM, 'simulator');
  const inMail = claim(MAIL_CLAIM, 'mailbox');
  const undone = claim(FAILED_CLAIM, 'simulator', {
    state: 'FAILED',
    reason: 'ABORTED_BY_ADMIN',
    fate: 'UNDO',
  });
  undone.lines = undone.lines.map((line) => ({ ...line, ...REVOKED_LINE }));
  delete undone.entitlements;
  const eventOf = (provider: string) => ({
    eventId: `evt_${provider}`,
    claimsPerPeriod: 1,
    claimsTotal: null,
    exclusiveGroup: null,
    rewards: [{ rewardId: 'cape', stock: 10 }],
  });
  return {
    inGame,
    inMail,
    undone,
    facts: {
      stories: [inGame, inMail, undone].map(story),
      claims: [inGame, inMail, undone],
      events: [eventOf('simulator'), eventOf('mailbox')],
      buckets: [
        bucket('evt_simulator', { available: 8, granted: 2 }),
        bucket('evt_mailbox', { available: 8, granted: 2 }),
      ],
      shown: [inGame, inMail].map(shownOf),
      ledger: [ledgerGrant(inGame), ledgerGrant(undone, { state: 'REVOKED' })],
      runsLeft: [],
      unbalanced: [],
      isReconciled: true,
      internalErrors: [],
      auditBroken: null,
    } satisfies Facts as Facts,
  };
}

export type WellKept = ReturnType<typeof wellKept>;
