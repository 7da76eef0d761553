import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { decodeProtectedHeader, type JWK } from 'jose';
import { testKey } from '../test-app.ts';
import { ATTACKS, forge, type Genuine } from './test-token-attacks.ts';
import { createTokens, type Tokens } from './tokens.ts';

const issuedAt = new Date('2026-11-22T10:00:00Z');
const CLAIMS = { userId: 'usr_1', epoch: 3 };
const VERIFIED = { ...CLAIMS, expiresAt: new Date('2026-11-22T10:01:00Z') };

let clock = issuedAt;
const now = () => clock;
let key: JWK;
let tokens: Tokens;
before(async () => {
  key = await testKey();
  tokens = await createTokens({ keys: [key], ttlS: 60, now });
});

/** A token of ours, taken apart. */
function genuine(): Genuine {
  const seconds = issuedAt.getTime() / 1000;
  return {
    key,
    header: { alg: 'EdDSA', typ: 'at+jwt', kid: tokens.jwks.keys[0]?.kid },
    payload: {
      ...{ iss: 'laurel', aud: 'laurel-api', sub: 'usr_1', jti: 'a', epoch: 3 },
      ...{ iat: seconds, exp: seconds + 60 },
    },
  };
}

describe('an access token', () => {
  it('says whose it is, of which epoch, and until when it counts', async () => {
    assert.deepEqual(await tokens.verify(await tokens.issue(CLAIMS)), VERIFIED);
    assert.deepEqual(await tokens.verify(forge(genuine())), VERIFIED, 'so forgeries are near it');
    assert.equal(tokens.leftMs(VERIFIED), 60_000);
  });

  it('follows RFC 9068 in its header', async () => {
    const header = decodeProtectedHeader(await tokens.issue(CLAIMS));
    assert.deepEqual(header, { alg: 'EdDSA', typ: 'at+jwt', kid: tokens.jwks.keys[0]?.kid });
  });

  it('expires to the second', async () => {
    const token = await tokens.issue(CLAIMS);
    clock = new Date(issuedAt.getTime() + 59_000);
    await tokens.verify(token);
    clock = new Date(issuedAt.getTime() + 60_000);
    await assert.rejects(tokens.verify(token), { code: 'token_expired' });
    clock = issuedAt;
  });

  it('is still good when its key no longer signs', async () => {
    const old = await tokens.issue(CLAIMS);
    const turned = await createTokens({ keys: [await testKey('ES256'), key], ttlS: 60, now });
    assert.deepEqual(await turned.verify(old), VERIFIED);
    const fresh = await turned.issue(CLAIMS);
    assert.equal(decodeProtectedHeader(fresh).alg, 'ES256');
    assert.deepEqual(await turned.verify(fresh), VERIFIED);
    await assert.rejects(tokens.verify(fresh), { code: 'unauthenticated' });
  });

  const ours: typeof ATTACKS = {
    'a token of another type': (of) => forge(of, { header: { typ: 'JWT' } }),
    'a token without a type': (of) => forge(of, { header: { typ: undefined } }),
    'no epoch': (of) => forge(of, { payload: { epoch: undefined } }),
    'an epoch that is no number': (of) => forge(of, { payload: { epoch: { $gte: 0 } } }),
  };
  for (const [name, attack] of Object.entries({ ...ATTACKS, ...ours })) {
    it(`is refused: ${name}`, async () => {
      await assert.rejects(tokens.verify(attack(genuine())), { code: 'unauthenticated' });
    });
  }
});

describe('the keys', () => {
  it('show nothing private', () => {
    for (const shown of tokens.jwks.keys) {
      assert.deepEqual(Object.keys(shown).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    }
  });

  it('get their thumbprint as kid, and keep one they have', async () => {
    const named = await createTokens({ keys: [{ ...key, kid: 'main' }, key], ttlS: 60, now });
    assert.equal(named.jwks.keys[0]?.kid, 'main');
    assert.match(named.jwks.keys[1]?.kid ?? '', /^[A-Za-z0-9_-]{43}$/);
  });

  it('of another kind are refused at the start', async () => {
    const keys = [{ kty: 'RSA', d: 'x' } as JWK];
    await assert.rejects(createTokens({ keys, ttlS: 60, now }), /Ed25519 or P-256/);
  });
});
