import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Claim, newRecord, type Parking } from '../../store/claims/claim-record.ts';
import { toClaimBody } from './claim-body.ts';
import { nextOf, toForStaff } from './claim-for-staff.ts';

const AT = new Date('2026-11-26T10:00:00Z');

/** A claim that was accepted at `AT`, with other values for some fields. */
function claimWith(changes: Partial<Claim>): Claim {
  const accepted = newRecord(
    {
      userId: 'usr_1',
      idempotencyKey: 'key',
      eventId: 'evt_1',
      rewardId: null,
      periodKey: 'ONCE',
      acceptedAt: AT,
      rights: [],
      lines: [
        { lineId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, buckets: null },
        { lineId: 'mesos', kind: 'CURRENCY', name: 'Mesos', quantity: 5, buckets: null },
      ],
      snapshot: {
        eventVersion: 3,
        provider: 'mailbox',
        startsAt: AT,
        endsAt: AT,
        claimableUntil: AT,
        parkedAfter: { action: 'WAIT', hours: 1 },
      },
    },
    AT,
    AT,
  );
  return { ...accepted, ...changes };
}

/** A parked claim, by the event's policy for parked claims. */
function parked(action: 'RETRY' | 'ABORT' | 'WAIT', changes: Partial<Parking> = {}): Claim {
  const parking: Parking = {
    number: 1,
    reason: 'FULFILLMENT_UNKNOWN',
    detail: 'It did not answer.',
    step: 'S4_FULFIL',
    lineIds: ['mesos'],
    at: AT,
    decision: null,
    ...changes,
  };
  const { snapshot } = claimWith({});
  const parkedAfter = { action, hours: 2 };
  return claimWith({
    state: 'NEEDS_ATTENTION',
    parking,
    snapshot: { ...snapshot, parkedAfter },
  });
}

describe('what staff see of a claim', () => {
  it('what happens next follows the state, and then what its end will be', () => {
    const what = (changes: Partial<Claim>) => nextOf(claimWith(changes)).what;
    assert.equal(what({}), 'VALIDATE');
    assert.equal(what({ state: 'FULFILLING' }), 'ASK_PROVIDER');
    assert.equal(what({ state: 'FULFILLING', fate: 'GRANT' }), 'SETTLE');
    assert.equal(what({ state: 'COMPENSATING', fate: 'UNDO' }), 'UNDO');
    assert.equal(what({ state: 'REJECTED', fate: 'UNDO' }), 'NOTHING');
  });

  it('a parked claim waits for a decision, or for the time that its event gives', () => {
    assert.deepEqual(nextOf(parked('WAIT')), { what: 'PARKED_UNTIL_DECIDED', at: null });
    const at = '2026-11-26T12:00:00.000Z';
    assert.deepEqual(nextOf(parked('ABORT')), { what: 'PARKED_THEN_ABORT', at });
    assert.deepEqual(nextOf(parked('RETRY')), { what: 'PARKED_THEN_RETRY', at });
    const decision = { action: 'RETRY', note: null, by: 'usr_2', at: AT } as const;
    assert.deepEqual(nextOf(parked('ABORT', { decision })), { what: 'RETRY', at: null });
  });

  it('a line shows why it is not granted, under its ID at the provider', () => {
    const claim = parked('WAIT');
    const said = toForStaff(claim).lines;
    assert.deepEqual(said, [
      { lineId: 'cape', grantId: `${claim._id}:cape`, providerSaid: null },
      { lineId: 'mesos', grantId: `${claim._id}:mesos`, providerSaid: 'It did not answer.' },
    ]);
  });

  it('a player does not get it', () => {
    const claim = parked('WAIT');
    assert.equal('forStaff' in toClaimBody(claim, { role: 'PLAYER' }, undefined), false);
    assert.equal('forStaff' in toClaimBody(claim, { role: 'SUPPORT' }, undefined), true);
  });
});
