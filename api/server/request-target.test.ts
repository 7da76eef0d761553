import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { settleTarget } from './request-target.ts';

/** What becomes of a request with this `Host`: the host in its canonical form, or null if refused. */
function settled(host: string): string | null {
  const incoming = {
    method: 'GET',
    url: '/',
    headers: { host } as { host?: string },
    rawHeaders: ['Host', host],
    httpVersion: '1.1',
  };
  return settleTarget(incoming) ? null : (incoming.headers.host ?? null);
}

describe('the host of a request', () => {
  it('is taken and written as a URL takes and writes it', () => {
    const label = fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '256',
        '1',
        '0x1',
        'xn--a',
        'xn--maana-pta',
        'a',
        'laurel',
        'x_1',
        '-',
      ),
      fc.stringMatching(/^[a-z0-9_-]{1,4}$/),
    );
    const port = fc.constantFrom('', ':', ':80', ':3000', ':65535', ':70000', ':99999');
    const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(fc.tuple(name, port), ([labels, suffix]) => {
        const host = labels + suffix;
        assert.equal(settled(host), URL.parse(`http://${host}/`)?.host ?? null, host);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is refused where its last label is a number and it is no address', () => {
    assert.deepEqual(['.0', 'a.0', '1.2.3.4.5'].map(settled), [null, null, null]);
  });
});
