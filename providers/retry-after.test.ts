import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryAfterMs } from './retry-after.ts';

// Far from GMT, so that a date read in the machine's zone gives a wrong result.
process.env.TZ = 'Asia/Seoul';

/** The time in RFC 9110's own examples. */
const at = Date.parse('1994-11-06T08:49:37Z');

describe('Retry-After', () => {
  it('may be seconds', () => {
    assert.equal(retryAfterMs('120', at), 120_000);
    assert.equal(retryAfterMs(' 1 ', at), 1_000);
  });

  for (const date of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    it(`may be a date such as "${date}", whatever zone the machine is in`, () => {
      assert.equal(retryAfterMs(date, at - 90_000), 90_000);
    });
  }

  it('holds nobody up for more than an hour', () => {
    assert.equal(retryAfterMs('3600', at), 3_600_000);
    assert.equal(retryAfterMs('3601', at), 3_600_000);
    assert.equal(retryAfterMs('9'.repeat(400), at), 3_600_000);
    assert.equal(retryAfterMs('Sun, 06 Nov 2094 08:49:37 GMT', at), 3_600_000);
  });

  it('says nothing where it asks for no wait', () => {
    assert.equal(retryAfterMs('0', at), undefined);
    assert.equal(retryAfterMs('Sun, 06 Nov 1994 08:49:37 GMT', at), undefined);
  });

  it('says nothing where it is absent or cannot be read', () => {
    for (const text of [undefined, '', 'soon', '-5', '1.5', '1e3', '2094-11-06', '5, 10']) {
      assert.equal(retryAfterMs(text, at), undefined);
    }
  });
});
