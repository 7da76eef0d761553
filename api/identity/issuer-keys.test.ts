import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { testKey } from '../test-app.ts';
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';

const S = 1_000;

let issuer: TestIssuer;
let keys: IssuerKeys;
let clockMs = 0;
let troubles: unknown[] = [];
beforeEach(async () => {
  issuer = await startTestIssuer('game');
  clockMs = 0;
  troubles = [];
  keys = createIssuerKeys(
    issuer.settings.jwksUrl,
    (error) => troubles.push(error),
    () => clockMs,
  );
});
afterEach(() => issuer.close());

const verify = async (token: string) => void (await jwtVerify(token, keys.find));
const isAway = { code: 'unavailable' };
const isUnknown = { code: 'ERR_JWKS_NO_MATCHING_KEY' };

/** The issuer signs with a new key from now on. */
async function rotate(kid = 'new'): Promise<void> {
  issuer.setKeys([{ ...(await testKey()), kid }]);
}

describe('the keys of an issuer', () => {
  it('are fetched once, for all who wait for them at the same time', async () => {
    const token = await issuer.token('a');
    await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    await verify(token);
    assert.equal(issuer.fetches(), 1);
  });

  it('are fetched before the first token where that is asked for', async () => {
    const fetched = issuer.nextFetch();
    keys.prefetch();
    await fetched;
    await verify(await issuer.token('a'));
    assert.equal(issuer.fetches(), 1);
  });

  it('are fetched again for an unknown kid, at most once in 30 s', async () => {
    const old = await issuer.token('a');
    await verify(old);
    await rotate();
    const fresh = await issuer.token('a');
    clockMs = 29 * S;
    await assert.rejects(verify(fresh), isUnknown);
    assert.equal(issuer.fetches(), 1);
    clockMs = 30 * S;
    await Promise.all([verify(fresh), verify(fresh)]);
    await assert.rejects(verify(old), isUnknown, 'the key was withdrawn');
    await rotate('newer');
    await assert.rejects(verify(await issuer.token('a')), isUnknown);
    assert.equal(issuer.fetches(), 2);
  });

  it('are not asked for by a flood of unknown kids while the issuer is away', async () => {
    await verify(await issuer.token('a'));
    await rotate();
    const unknown = await issuer.token('a');
    issuer.answerWith((response) => response.writeHead(500).end());
    clockMs = 30 * S;
    for (let n = 0; n < 20; n += 1) await assert.rejects(verify(unknown), isAway);
    assert.equal(issuer.fetches(), 2);
  });

  it('are renewed beside the requests when they are ten minutes old', async () => {
    const old = await issuer.token('a');
    await verify(old);
    await rotate();
    clockMs = 601 * S;
    const fetched = issuer.nextFetch();
    await verify(old);
    await fetched;
    // Shares the fetch that is under way.
    await verify(await issuer.token('a'));
    await assert.rejects(verify(old), isUnknown);
    assert.equal(issuer.fetches(), 2);
  });

  it('count for an hour while the issuer is away, and not longer', async () => {
    const token = await issuer.token('a');
    await verify(token);
    issuer.answerWith((response) => response.writeHead(503).end());
    clockMs = 3_600 * S;
    await verify(token);
    clockMs = 3_601 * S;
    await assert.rejects(verify(token), isAway);
    issuer.answerWith();
    clockMs += 30 * S;
    await verify(token);
  });
});

describe('a key set that cannot be had', () => {
  const answers: Record<string, Parameters<TestIssuer['answerWith']>[0]> = {
    'a refusal': (response) => response.writeHead(404).end('{"keys":[]}'),
    'a redirect, also to a good key set': (response) => {
      if (response.req.url === '/elsewhere') return response.end(issuer.shown());
      return response.writeHead(302, { location: '/elsewhere' }).end();
    },
    'no JSON': (response) => response.end('<html>'),
    'no key set': (response) => response.end('{"keys":{}}'),
    'a list': (response) => response.end('[]'),
    'a broken connection': (response) => response.destroy(),
    'half of an answer': (response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"keys":');
      response.destroy();
    },
    'more than 256 KiB': (response) =>
      response.end(JSON.stringify({ keys: [], more: 'x'.repeat(300_000) })),
  };
  for (const [name, answer] of Object.entries(answers)) {
    it(`is 503 and accepts nothing: ${name}`, async () => {
      const token = await issuer.token('a');
      issuer.answerWith(answer);
      await assert.rejects(verify(token), (error: { code: string; retryAfterS: number }) => {
        return error.code === 'unavailable' && error.retryAfterS === 2;
      });
      assert.equal(troubles.length, 1);
      await assert.rejects(verify(token), isAway);
      assert.equal(issuer.fetches(), 1, 'the next fetch waits for two seconds');
      issuer.answerWith();
      clockMs = 2 * S;
      await verify(token);
    });
  }

  it('does not hang: the fetch ends after five seconds', { timeout: 20_000 }, async () => {
    const token = await issuer.token('a');
    issuer.answerWith((response) => void response.writeHead(200).write('{'));
    await assert.rejects(verify(token), isAway);
    assert.match(String(troubles[0]), /TimeoutError/);
  });
});
