import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { check, RULE_NAMES } from './checks.ts';
import type { Facts } from './facts.ts';
import type { ShownGrant } from './staff.ts';

const GAME_CLAIM = `clm_${'a'.repeat(40)}`;
const MAIL_CLAIM = `clm_${'b'.repeat(40)}`;
const FAILED_CLAIM = `clm_${'c'.repeat(40)}`;
const AT = new Date('2026-11-22T12:00:00Z');

function claim(id: string, provider: string, given: Partial<Claim> = {}): Claim {
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

const story = (of: Claim) => ({
  key: of.idempotencyKey,
  userId: of.userId,
  eventId: of.eventId,
  rewardId: of.rewardId,
  told: [{ claimId: of._id, state: of.state as string, reason: of.reason as string | null }],
  refusals: [],
});

const bucket = (eventId: string, given: { available: number; granted: number }) => ({
  _id: `${eventId}/cape/0`,
  eventId,
  rewardId: 'cape',
  n: 0,
  quantity: 2,
  stock: 10,
  holds: [] as string[],
  ...given,
});

function ledgerGrant(of: Claim, given: Partial<LedgerGrant> = {}): LedgerGrant {
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

const shownOf = ({ _id, userId, eventId }: Claim): ShownGrant => {
  return { grantId: `${_id}:cape`, userId, eventId, quantity: 2 };
};

const REVOKED_LINE = { state: 'REVOKED', grantedAt: null } as const;

/** Three claims that ended well: one granted by the game, one by the mailbox, one undone at the game. */
function wellKept() {
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

type WellKept = ReturnType<typeof wellKept>;

/** Each way to doctor the books, and the rules that it breaks. */
const FORGERIES: [string, (books: WellKept) => void, (typeof RULE_NAMES)[number][]][] = [
  [
    'a claim vanishes that its player was told of',
    ({ facts }) => {
      facts.claims = facts.claims.filter((c) => c._id !== FAILED_CLAIM);
      facts.ledger = facts.ledger.filter((g) => !g.grantId.startsWith(FAILED_CLAIM));
    },
    ['no accepted claim is lost'],
  ],
  [
    'a claim is on record for another player',
    ({ undone }) => {
      undone.userId = 'usr_other';
    },
    ['no accepted claim is lost'],
  ],
  [
    'one key stands for two claims',
    ({ facts }) => {
      const [first, , third] = facts.stories;
      if (first && third) first.told.push(...third.told);
    },
    ['no accepted claim is lost'],
  ],
  [
    'a claim is parked',
    ({ facts, undone }) => {
      undone.state = 'NEEDS_ATTENTION';
      undone.endedAt = null;
      facts.stories.pop();
    },
    ['every claim is final'],
  ],
  [
    'a final claim is marked open',
    ({ undone }) => {
      undone.open = true;
    },
    ['every claim is final'],
  ],
  [
    'a workflow still runs',
    ({ facts }) => void facts.runsLeft.push('claim/usr_1/key'),
    ['every claim is final'],
  ],
  [
    'a player was told of another end',
    ({ facts }) => {
      for (const told of facts.stories[2]?.told ?? []) told.reason = 'FULFILLMENT_REFUSED';
    },
    ['a final state never changes'],
  ],
  [
    'a claim fails and keeps its line',
    ({ facts, undone }) => {
      undone.lines = undone.lines.map((line) => ({ ...line, state: 'GRANTED', grantedAt: AT }));
      facts.ledger = [ledgerGrant(facts.claims[0] as Claim), ledgerGrant(undone)];
      facts.buckets[0] = bucket('evt_simulator', { available: 6, granted: 4 });
      undone.entitlements = ['evt_simulator/once/0'];
      facts.shown.push(shownOf(undone));
    },
    ['a claim and its lines tell one story'],
  ],
  [
    'a claim is granted and its line is not',
    ({ facts, inMail }) => {
      inMail.lines = inMail.lines.map((line) => ({ ...line, ...REVOKED_LINE }));
      delete inMail.entitlements;
      facts.shown.pop();
      facts.buckets[1] = bucket('evt_mailbox', { available: 10, granted: 0 });
    },
    ['a claim and its lines tell one story'],
  ],
  [
    'the game gave one line twice',
    ({ facts, inGame }) => {
      facts.ledger[0] = ledgerGrant(inGame, { applied: 2 });
    },
    ['nothing is granted twice'],
  ],
  [
    'two claims of one period are granted',
    ({ facts, inGame, inMail }) => {
      Object.assign(inMail, { eventId: inGame.eventId, userId: inGame.userId });
      inMail.entitlements = ['evt_simulator/once/1'];
      facts.stories[1] = story(inMail);
      facts.shown = [inGame, inMail].map(shownOf);
      facts.buckets[0] = bucket('evt_simulator', { available: 6, granted: 4 });
      facts.buckets[1] = bucket('evt_mailbox', { available: 10, granted: 0 });
    },
    ['nothing is granted twice', 'entitlements are those of granted claims'],
  ],
  [
    'two events of one group are granted to one player',
    ({ facts, inGame, inMail }) => {
      for (const event of facts.events) event.exclusiveGroup = 'winter';
      inMail.userId = inGame.userId;
      facts.stories[1] = story(inMail);
      facts.shown = [inGame, inMail].map(shownOf);
      inGame.entitlements?.push('group/winter');
      inMail.entitlements?.push('group/winter');
    },
    ['nothing is granted twice', 'entitlements are those of granted claims'],
  ],
  [
    'the game gave something for a claim that failed',
    ({ facts, undone }) => {
      facts.ledger[1] = ledgerGrant(undone);
    },
    ['what a provider gave is in our books'],
  ],
  [
    'the game gave something for a claim that nobody knows',
    ({ facts }) => {
      facts.ledger.push(ledgerGrant(claim(`clm_${'d'.repeat(40)}`, 'simulator')));
    },
    ['what a provider gave is in our books'],
  ],
  [
    'the game has not decided on a grant',
    ({ facts, undone }) => {
      facts.ledger[1] = ledgerGrant(undone, { state: 'PENDING', applied: 0 });
    },
    ['what a provider gave is in our books'],
  ],
  [
    'the game gave it to another player',
    ({ facts, inGame }) => {
      facts.ledger[0] = ledgerGrant({ ...inGame, userId: 'usr_other' });
    },
    ['what a provider gave is in our books'],
  ],
  [
    'the game gave something for a claim of our own mailbox',
    ({ facts, inMail }) => void facts.ledger.push(ledgerGrant(inMail)),
    ['what a provider gave is in our books'],
  ],
  [
    'the game never gave what is granted in our books',
    ({ facts }) => void facts.ledger.shift(),
    ['what is in our books was given'],
  ],
  [
    'a mailbox lacks what is granted',
    ({ facts }) => void facts.shown.pop(),
    ['players are shown what was granted'],
  ],
  [
    'a mailbox holds something of a claim that failed',
    ({ facts, undone }) => void facts.shown.push(shownOf(undone)),
    ['players are shown what was granted'],
  ],
  [
    'a grant is shown twice',
    ({ facts, inMail }) => void facts.shown.push(shownOf(inMail)),
    ['players are shown what was granted'],
  ],
  [
    'a unit of stock vanishes',
    ({ facts }) => {
      facts.buckets[0] = bucket('evt_simulator', { available: 7, granted: 2 });
    },
    ['stock = available + held + granted, held = 0'],
  ],
  [
    'a hold is left',
    ({ facts }) => {
      const left = bucket('evt_simulator', { available: 6, granted: 2 });
      facts.buckets[0] = { ...left, holds: [`${FAILED_CLAIM}:cape`] };
    },
    ['stock = available + held + granted, held = 0'],
  ],
  [
    'more was granted than there was',
    ({ facts, inGame }) => {
      const [line] = inGame.lines;
      if (line) line.quantity = 12;
      for (const grant of facts.shown.slice(0, 1)) grant.quantity = 12;
      const { rewardId, ...rest } = { rewardId: 'cape', kind: 'ITEM', name: 'Cape' };
      const asked = ledgerGrant(inGame).asked;
      if (asked) asked.reward = { rewardId, ...rest, quantity: 12 };
      facts.ledger[0] = ledgerGrant(inGame, { asked });
      facts.buckets[0] = bucket('evt_simulator', { available: -2, granted: 12 });
    },
    ['stock = available + held + granted, held = 0'],
  ],
  [
    'the books did not add up for a moment',
    ({ facts }) => void facts.unbalanced.push('evt_simulator/cape/0'),
    ['stock = available + held + granted, held = 0'],
  ],
  [
    'a grant was booked twice',
    ({ facts }) => {
      facts.buckets[0] = bucket('evt_simulator', { available: 6, granted: 4 });
    },
    ['stock and grants are counted right'],
  ],
  [
    'the stock is not what the operators set',
    ({ facts }) => {
      for (const reward of facts.events[1]?.rewards ?? []) reward.stock = 12;
    },
    ['stock and grants are counted right'],
  ],
  [
    'a failed claim keeps its entitlement',
    ({ undone }) => {
      undone.entitlements = ['evt_simulator/once/0'];
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'a granted claim has no entitlement',
    ({ inMail }) => {
      delete inMail.entitlements;
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'an entitlement is that of another event',
    ({ inGame }) => {
      inGame.entitlements = ['evt_mailbox/once/0'];
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'a granted claim lacks the entitlement of its group',
    ({ facts }) => {
      for (const event of facts.events.slice(0, 1)) event.exclusiveGroup = 'winter';
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'a claim has two slots of one period',
    ({ facts, inMail }) => {
      for (const event of facts.events) event.claimsPerPeriod = 2;
      inMail.entitlements?.push('evt_mailbox/once/1');
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'a second claim of one entitlement is on record',
    ({ facts, undone }) => {
      undone.reason = 'ALREADY_CLAIMED';
      undone.state = 'REJECTED';
      facts.stories.pop();
    },
    ['entitlements are those of granted claims'],
  ],
  [
    'reconciliation never got through',
    ({ facts }) => {
      facts.isReconciled = false;
    },
    ['reconciliation gets through'],
  ],
  [
    'the API answered 500',
    ({ facts }) => void facts.internalErrors.push('POST /api/…'),
    ['an outage is a 503, never a 500'],
  ],
  [
    'the audit log was tampered with',
    ({ facts }) => {
      facts.auditBroken = 'entry 3 is missing';
    },
    ['the audit log is whole'],
  ],
];

describe('the checks after a chaos run', () => {
  it('find nothing where every book was kept well', () => {
    assert.deepEqual(check(wellKept().facts), []);
  });

  it('allow a claim that could not be revoked to keep its line, its unit and its entitlement', () => {
    const { facts, undone, inGame } = wellKept();
    undone.reason = 'COMPENSATION_FAILED';
    facts.stories[2] = story(undone);
    undone.lines = undone.lines.map((line) => ({ ...line, state: 'GRANTED', grantedAt: AT }));
    facts.ledger = [ledgerGrant(inGame), ledgerGrant(undone)];
    facts.buckets[0] = bucket('evt_simulator', { available: 6, granted: 4 });
    undone.entitlements = ['evt_simulator/once/0'];
    facts.shown.push(shownOf(undone));
    assert.deepEqual(check(facts), []);
  });

  for (const [what, forge, rules] of FORGERIES) {
    it(`see it when ${what}`, () => {
      const books = wellKept();
      forge(books);
      assert.deepEqual([...new Set(check(books.facts).map(({ rule }) => rule))], rules);
    });
  }

  it('were each seen to fail', () => {
    const seen = new Set(FORGERIES.flatMap(([, , rules]) => rules));
    assert.deepEqual(
      RULE_NAMES.filter((rule) => !seen.has(rule)),
      [],
    );
  });
});
