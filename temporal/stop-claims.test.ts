import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../store/claims/claim-record.ts';
import type { ClaimRuns } from './runs.ts';
import { stopClaimsOf } from './stop-claims.ts';

const CLAIMS_EACH = 4;

/** Players with four open claims each, and a Temporal that is busy with each call for a moment. */
function crowd(wake: (claim: { _id: string }) => Promise<void> = async () => {}) {
  const told: string[] = [];
  const most = { atOnce: 0 };
  let now = 0;
  const runs: Pick<ClaimRuns, 'wake'> = {
    async wake(claim) {
      now += 1;
      most.atOnce = Math.max(most.atOnce, now);
      await new Promise(setImmediate);
      now -= 1;
      await wake(claim);
      told.push(claim._id);
      return true;
    },
  };
  const openOf = async (userId: string) =>
    Array.from({ length: CLAIMS_EACH }, (_, n) => ({ _id: `${userId}/${n}` }) as Claim);
  const claims = { openOf };
  return { told, most, leave: (userId: string) => stopClaimsOf({ claims, runs }, userId) };
}

const users = (count: number) => Array.from({ length: count }, (_, n) => `usr_${n}`);

describe('the open claims of players who leave', () => {
  it('are all told', async () => {
    const { told, leave } = crowd();
    await Promise.all(users(50).map(leave));
    assert.equal(new Set(told).size, 50 * CLAIMS_EACH);
  });

  it('are told a few at a time, however many leave at once', async () => {
    const { most, leave } = crowd();
    await Promise.all(users(200).map(leave));
    assert.ok(most.atOnce <= 8, `${most.atOnce} at once`);
  });

  it('are told though one of them, or another player’s, could not be', async () => {
    const { told, leave } = crowd(async ({ _id }) => {
      if (_id === 'usr_0/1') throw new Error('4 DEADLINE_EXCEEDED');
    });
    const [first, second] = await Promise.allSettled(users(2).map(leave));
    assert.deepEqual(told.toSorted(), [
      'usr_0/0',
      'usr_0/2',
      'usr_0/3',
      ...users(2)
        .slice(1)
        .flatMap((u) => [0, 1, 2, 3].map((n) => `${u}/${n}`)),
    ]);
    assert.equal(first?.status, 'rejected');
    assert.equal(second?.status, 'fulfilled');
  });

  it('are left to reconciliation where too many wait to be told', async () => {
    const { told, leave } = crowd();
    const left = await Promise.allSettled(users(1_500).map(leave));
    const refused = left.filter((l) => l.status === 'rejected');
    assert.ok(refused.length > 0);
    assert.match(String(refused[0]?.reason), /reconciliation/);
    assert.equal(told.length, (1_500 - refused.length) * CLAIMS_EACH);
    await leave('usr_later');
    assert.ok(told.includes('usr_later/0'), 'once the line is gone, the next is told');
  });
});
