import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../../store/claims/claim-record.ts';
import { check, RULE_NAMES } from './checks.ts';
import {
  AT,
  bucket,
  claim,
  FAILED_CLAIM,
  ledgerGrant,
  REVOKED_LINE,
  shownOf,
  story,
  type WellKept,
  wellKept,
} from './test-facts.ts';

/** Each way to forge the facts, and the rules that it breaks. */
const FORGERIES: [string, (kept: WellKept) => void, (typeof RULE_NAMES)[number][]][] = [
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
      const kept = wellKept();
      forge(kept);
      assert.deepEqual([...new Set(check(kept.facts).map(({ rule }) => rule))], rules);
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
