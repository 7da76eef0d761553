import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { base64url, decodeProtectedHeader, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { testKey } from '../test-app.ts';
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

interface Forgery {
  key?: JWK;
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
}

/** A token like ours, except for what is given. */
async function forge(change: Forgery): Promise<string> {
  const seconds = issuedAt.getTime() / 1000;
  const genuine = decodeProtectedHeader(await tokens.issue(CLAIMS));
  const payload = {
    iss: 'laurel',
    aud: 'laurel-api',
    sub: 'usr_1',
    iat: seconds,
    exp: seconds + 60,
    jti: 'a',
    epoch: 3,
    ...change.payload,
  };
  return await new SignJWT(payload)
    .setProtectedHeader({ ...genuine, alg: 'EdDSA', ...change.header })
    .sign(await importJWK(change.key ?? key, 'EdDSA'));
}

describe('an access token', () => {
  it('says whose it is, of which epoch, and until when it counts', async () => {
    assert.deepEqual(await tokens.verify(await tokens.issue(CLAIMS)), VERIFIED);
    assert.deepEqual(await tokens.verify(await forge({})), VERIFIED, 'so forgeries are near it');
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

  const forgeries: Record<string, () => Promise<string>> = {
    'no token at all': async () => 'garbage',
    'alg: none': async () =>
      new UnsecuredJWT({ epoch: 3 })
        .setIssuer('laurel')
        .setAudience('laurel-api')
        .setSubject('usr_1')
        .setExpirationTime(issuedAt.getTime() / 1000 + 60)
        .encode(),
    'a genuine token with its alg changed to none': async () => {
      const [, payload] = (await tokens.issue(CLAIMS)).split('.');
      return `${base64url.encode('{"alg":"none","typ":"at+jwt"}')}.${payload}.`;
    },
    'another key under our kid': async () => forge({ key: await testKey() }),
    'another key under its own kid': async () =>
      forge({ key: await testKey(), header: { kid: 'mine' } }),
    'the public key as a shared secret': async () => {
      const secret = base64url.decode(tokens.jwks.keys[0]?.x ?? '');
      return new SignJWT({ epoch: 3, jti: 'a' })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: tokens.jwks.keys[0]?.kid ?? '' })
        .setIssuer('laurel')
        .setAudience('laurel-api')
        .setSubject('usr_1')
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt.getTime() / 1000 + 60)
        .sign(secret);
    },
    'a token of another type': () => forge({ header: { typ: 'JWT' } }),
    'a token without a type': () => forge({ header: { typ: undefined } }),
    'another issuer': () => forge({ payload: { iss: 'elsewhere' } }),
    'another audience': () => forge({ payload: { aud: 'elsewhere' } }),
    'no expiry': () => forge({ payload: { exp: undefined } }),
    'no subject': () => forge({ payload: { sub: undefined } }),
    'no epoch': () => forge({ payload: { epoch: undefined } }),
    'an epoch that is no number': () => forge({ payload: { epoch: { $gte: 0 } } }),
    'a token for later': () => forge({ payload: { nbf: issuedAt.getTime() / 1000 + 30 } }),
    'a signature of another token': async () => {
      const [header, , signature] = (await tokens.issue(CLAIMS)).split('.');
      const [, payload] = (await tokens.issue({ userId: 'usr_2', epoch: 0 })).split('.');
      return [header, payload, signature].join('.');
    },
  };
  for (const [name, forgery] of Object.entries(forgeries)) {
    it(`is refused: ${name}`, async () => {
      await assert.rejects(tokens.verify(await forgery()), { code: 'unauthenticated' });
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
