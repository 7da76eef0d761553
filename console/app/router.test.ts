import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hrefTo, match } from './router.ts';

describe('the console’s addresses', () => {
  it('give the decoded values of their parts', () => {
    const values = match('/console/players/{userId}', '/console/players/ext%3Agame%3A1');
    assert.deepEqual(values, { userId: 'ext:game:1' });
  });

  it('fit as a whole or not at all', () => {
    assert.equal(match('/console/claims', '/console/claims/clm_a'), null);
    assert.equal(match('/console/claims/{claimId}', '/console/claims/%E0%A4%A'), null);
  });

  it('leave out parameters without a value', () => {
    assert.equal(
      hrefTo('/console/claims', { state: 'FAILED', reason: '' }),
      '/console/claims?state=FAILED',
    );
    assert.equal(hrefTo('/console/claims'), '/console/claims');
  });
});
