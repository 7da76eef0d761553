/** A provider that answers a revoke with 409 is asked what it really holds before anybody believes it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asked, claimAtGame, MOUNT, type Rule } from './game-claims.ts';
import { CAPE, recordOf, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { outcomeOf } from './outcomes.ts';

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel();
});
after(() => laurel.stop());

const REFUSED: Rule = { do: 'refuse' };
const WILL_NOT_REVOKE: Rule = { do: 'refuseRevoke' };

describe('a revoke that is answered 409', { concurrency: true }, () => {
  it('parks no claim whose grant the provider refused: there is nothing to take back', async () => {
    const { claimId } = await claimAtGame(laurel, [REFUSED, WILL_NOT_REVOKE]);
    const { end, lines, isEntitled } = await outcomeOf(laurel, claimId);
    assert.deepEqual(
      { end, lines, isEntitled },
      { end: 'FAILED / FULFILLMENT_REFUSED', lines: { cape: 'REVOKED' }, isEntitled: false },
    );
  });

  it('parks no claim whose grant was revoked before, with the answer lost', async () => {
    const rules: Rule[] = [
      { do: 'refuse', lineId: 'mount', delayMs: 100 },
      { do: 'dropAfterGrant', on: ['revoke'], lineId: 'cape', times: 1 },
      { ...WILL_NOT_REVOKE, lineId: 'cape' } as Rule,
    ];
    const { claimId } = await claimAtGame(laurel, rules, { rewards: [CAPE, MOUNT] });
    const { end, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.equal(end, 'FAILED / FULFILLMENT_REFUSED');
    assert.deepEqual(given, { cape: 'REVOKED ×1', mount: 'REFUSED ×0' });
    assert.equal(isEntitled, false);
  });

  it('is asked again where the provider has not decided whether to give it', async () => {
    const rules: Rule[] = [{ do: 'pending' }, { ...WILL_NOT_REVOKE, times: 2 } as Rule];
    const { claimId } = await claimAtGame(laurel, rules);
    await asked(laurel, claimId, 'grant');
    await workflowOf(laurel, await recordOf(laurel, claimId)).cancel();
    const { end, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.equal(end, 'FAILED / ABORTED_BY_ADMIN');
    assert.deepEqual([given, isEntitled], [{ cape: 'REVOKED ×0' }, false]);
  });
});
