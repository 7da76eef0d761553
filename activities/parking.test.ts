import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserStatus } from '../domain/user.ts';
import type { Claim, Decision } from '../store/claims/claim-record.ts';
import type { ActivityDeps } from './deps.ts';
import { readParkingOutcome, whyStopped } from './parking.ts';

const REF = { claimId: 'clm_1', userId: 'usr_1', eventId: 'evt_1' };

interface Given {
  action?: Decision['action'];
  status?: UserStatus;
  claim?: Partial<Claim>;
}

/** The stores that activities are given, with one claim, parked for the second time. */
function given({ action, status = 'ACTIVE', claim = {} }: Given) {
  const parking = { number: 2, decision: action ? { action } : null } as Claim['parking'];
  const record = { _id: 'clm_1', userId: 'usr_1', state: 'NEEDS_ATTENTION', fate: null, parking };
  const get = async () => ({ ...record, ...claim }) as Claim;
  const deps = { claims: { get }, player: async () => ({ status, externalId: null }) };
  return deps as unknown as Pick<ActivityDeps, 'claims' | 'player'>;
}

const outcome = async (of: Given) => await readParkingOutcome(given(of), { ...REF, number: 2 });

describe('a parked claim', () => {
  it('waits on without a decision', async () => {
    assert.equal(await outcome({}), null);
  });

  it('does what an admin decided', async () => {
    assert.equal(await outcome({ action: 'RETRY' }), 'RETRY');
    assert.equal(await outcome({ action: 'ABORT' }), 'ABORT');
  });

  it('stops for a player who left, which counts more than a retry and less than an abort', async () => {
    assert.equal(await outcome({ status: 'BANNED' }), 'USER_NOT_ACTIVE');
    assert.equal(await outcome({ status: 'BANNED', action: 'RETRY' }), 'USER_NOT_ACTIVE');
    assert.equal(await outcome({ status: 'BANNED', action: 'ABORT' }), 'ABORT');
  });

  it('does not stop for a player who left where it is undone already', async () => {
    assert.equal(await outcome({ status: 'BANNED', claim: { fate: 'UNDO' } }), null);
  });

  it('is followed by its record where it is not parked so any more', async () => {
    assert.equal(await outcome({ action: 'ABORT', claim: { state: 'FULFILLING' } }), 'OVERTAKEN');
    const other = readParkingOutcome(given({ action: 'ABORT' }), { ...REF, number: 1 });
    assert.equal(await other, 'OVERTAKEN');
  });
});

describe('a step that was stopped', () => {
  it('goes on where nothing speaks against it', async () => {
    assert.equal(await whyStopped(given({}), REF), 'RETRY');
  });

  it('follows the record of a claim with a fate, before it looks at the player', async () => {
    const fated = given({ status: 'BANNED', claim: { fate: 'UNDO' } });
    assert.equal(await whyStopped(fated, REF), 'OVERTAKEN');
  });

  it('ends for a player who left', async () => {
    assert.equal(await whyStopped(given({ status: 'WITHDRAWN' }), REF), 'USER_NOT_ACTIVE');
  });
});
