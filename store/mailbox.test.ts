import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { GrantRequest } from '../domain/fulfillment.ts';
import { type StoreFixture, someClaimId, storeFixture } from './test-store.ts';

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

function letter(): GrantRequest {
  const claimId = someClaimId();
  return {
    grantId: `${claimId}:cape`,
    claimId,
    userId: 'usr_1',
    eventId: 'evt_1',
    reward: { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1 },
  };
}

const stateOf = async ({ grantId }: GrantRequest) => (await t.store.mailbox.lookup(grantId)).state;

describe('the mailbox', () => {
  it('keeps what it was given, for whom and what', async () => {
    const request = letter();
    assert.equal(await stateOf(request), 'NEVER_SEEN');
    assert.deepEqual(await t.store.mailbox.grant(request), { state: 'GRANTED' });
    assert.equal(await stateOf(request), 'GRANTED');
    const mail = await t.store.mailbox.model.findOne({ _id: request.grantId }).lean();
    const { userId, eventId, reward } = request;
    assert.deepEqual(
      { userId: mail?.userId, eventId: mail?.eventId, reward: mail?.reward },
      { userId, eventId, reward },
    );
  });

  it('gives once, however often and however close together it is asked', async () => {
    const request = letter();
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => t.store.mailbox.grant(request)),
    );
    for (const answer of answers) assert.deepEqual(answer, { state: 'GRANTED' });
    assert.equal(await t.store.mailbox.model.countDocuments({ _id: request.grantId }), 1);
  });

  it('takes back, also for a second time', async () => {
    const request = letter();
    await t.store.mailbox.grant(request);
    assert.deepEqual(await t.store.mailbox.revoke(request.grantId), { state: 'REVOKED' });
    assert.deepEqual(await t.store.mailbox.revoke(request.grantId), { state: 'REVOKED' });
    assert.equal(await stateOf(request), 'REVOKED');
  });

  it('refuses a grant that arrives after it was revoked, seen before or not', async () => {
    for (const isSeen of [true, false]) {
      const request = letter();
      if (isSeen) await t.store.mailbox.grant(request);
      await t.store.mailbox.revoke(request.grantId);
      assert.equal((await t.store.mailbox.grant(request)).state, 'REFUSED');
      assert.equal(await stateOf(request), 'REVOKED');
    }
  });

  it('ends revoked where grant and revoke meet', async () => {
    for (let round = 0; round < 20; round++) {
      const request = letter();
      await Promise.all([
        t.store.mailbox.grant(request),
        t.store.mailbox.revoke(request.grantId),
        t.store.mailbox.grant(request),
      ]);
      assert.equal(await stateOf(request), 'REVOKED');
    }
  });
});
