import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JWK } from 'jose';
import { testKey } from '../test-app.ts';
import { createTrustedIssuers, type IssuerSettings, type TrustedIssuers } from './issuers.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';
import { ATTACKS, forge, type Genuine, withSecret } from './test-token-attacks.ts';
import { createTokens, type Tokens } from './tokens.ts';

const now = new Date('2026-11-22T10:00:00Z');
const nowS = now.getTime() / 1_000;

let game: TestIssuer;
let other: TestIssuer;
let ownKey: JWK;
let own: Tokens;
let issuers: TrustedIssuers;
before(async () => {
  game = await startTestIssuer('game');
  other = await startTestIssuer('other');
  ownKey = { ...(await testKey()), kid: 'ours' };
  own = await createTokens({ keys: [ownKey], ttlS: 900, now: () => now });
  issuers = trusting(game.settings, other.settings);
});
after(() => Promise.all([game.close(), other.close()]));

function trusting(...settings: IssuerSettings[]): TrustedIssuers {
  return createTrustedIssuers(settings, { now: () => now, onTrouble: assert.ifError });
}

/** As the guard of a route does: a trusted issuer's token, or one of ours. */
const verify = async (token: string, by = issuers): Promise<unknown> =>
  await (by.issuerOf(token) ?? own).verify(token);

const genuineOf = (issuer: TestIssuer): Genuine => ({
  key: issuer.key(),
  header: { alg: 'EdDSA', kid: issuer.key().kid ?? '', typ: 'at+jwt' },
  payload: issuer.claims('player-1', now),
});

const refused = { code: 'unauthenticated' };

describe("a trusted issuer's token", () => {
  const expected = {
    issuer: 'game',
    externalId: 'ext:game:player-1',
    expiresAt: new Date((nowS + 300) * 1_000),
    mapped: null,
  };

  it('says whose it is and until when it counts', async () => {
    assert.deepEqual(await verify(forge(genuineOf(game))), expected);
  });

  const alsoGood: Record<string, Partial<Record<'header' | 'payload', Record<string, unknown>>>> = {
    'without a type': { header: { typ: undefined } },
    'of the type JWT': { header: { typ: 'JWT' } },
    'with a list of audiences, and ours in it': { payload: { aud: ['elsewhere', 'laurel'] } },
    'five seconds early by our clock': { payload: { nbf: nowS + 5 } },
    'without a kid, as the issuer has one key': { header: { kid: undefined } },
  };
  for (const [name, change] of Object.entries(alsoGood)) {
    it(`counts ${name}`, async () => {
      assert.deepEqual(await verify(forge(genuineOf(game), change)), expected);
    });
  }

  it('expires, five seconds after its end by our clock', async () => {
    const at = (exp: number) => forge(genuineOf(game), { payload: { exp: nowS + exp } });
    await verify(at(-4));
    await assert.rejects(verify(at(-5)), { code: 'token_expired' });
  });
});

describe("a forged token of a trusted issuer's", () => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(`is refused: ${name}`, async () => {
      await assert.rejects(verify(attack(genuineOf(game))), refused);
    });
  }

  const withHeader = (header: Record<string, unknown>) => () => forge(genuineOf(game), { header });
  const withClaims = (payload: Record<string, unknown>) => () =>
    forge(genuineOf(game), { payload });
  const between: Record<string, () => string | Promise<string>> = {
    'signed by another trusted issuer': () => forge(genuineOf(game), { key: other.key() }),
    'signed by another trusted issuer, with the kid of its key': () =>
      forge(genuineOf(game), { key: other.key(), header: { kid: other.key().kid } }),
    'of another trusted issuer, with our kid': () =>
      forge(genuineOf(other), { header: { kid: game.key().kid } }),
    'that names another issuer than the one that signed it': () =>
      forge(genuineOf(game), { payload: { iss: other.settings.issuer } }),
    'that names us as its issuer': () => forge(genuineOf(game), { payload: { iss: 'laurel' } }),
    'signed by our own key': () => forge(genuineOf(game), { key: ownKey, header: { kid: 'ours' } }),
    'that is ours but for its issuer': async () => {
      const [, payload = ''] = (await own.issue({ userId: 'usr_1', epoch: 0 })).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return forge(
        { key: ownKey, header: genuineOf(game).header, payload: claims },
        {
          payload: { iss: game.settings.issuer },
        },
      );
    },
    'genuine, with jku': () => withHeader({ jku: game.settings.jwksUrl })(),
    'genuine, with jwk': () => {
      const { d: _, ...jwk } = game.key();
      return withHeader({ jwk })();
    },
    'genuine, with x5u': () => withHeader({ x5u: game.settings.jwksUrl })(),
    'genuine, with x5c': withHeader({ x5c: [] }),
    'bound to a key of its holder': withClaims({ cnf: { jkt: 'a thumbprint' } }),
    'issued in the future': withClaims({ iat: nowS + 6 }),
    'with an empty subject': withClaims({ sub: '' }),
    'with a subject of 256 characters': withClaims({ sub: 'x'.repeat(256) }),
    'with a blank in its subject': withClaims({ sub: 'a b' }),
    'with a line break in its subject': withClaims({ sub: 'a\n' }),
    'with an invisible character in its subject': withClaims({ sub: 'a\u200b' }),
    'with a bidirectional control in its subject': withClaims({ sub: 'a\u202eb' }),
    'with half of a surrogate pair in its subject': withClaims({ sub: 'a\ud800' }),
    'with a subject in another Unicode form': withClaims({ sub: 'e\u0301' }),
  };
  for (const [name, attack] of Object.entries(between)) {
    it(`is refused: ${name}`, async () => {
      await assert.rejects(verify(await attack()), refused);
    });
  }

  it('is refused by an algorithm that its issuer does not use', async () => {
    const strict = trusting({ ...game.settings, algorithms: ['ES256', 'RS256'] });
    await assert.rejects(verify(forge(genuineOf(game)), strict), refused);
  });

  it('is refused by a shared secret that the issuer shows among its keys', async (t) => {
    const key = game.key();
    t.after(() => game.setKeys([key]));
    const secret = 'shown to everybody by mistake';
    const shared = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'shared' };
    game.setKeys([key, shared]);
    const genuine = { ...genuineOf(game), header: { alg: 'HS256', kid: 'shared' } };
    await assert.rejects(verify(withSecret(genuine, secret), trusting(game.settings)), refused);
  });

  it('is refused by a key that is for encryption', async (t) => {
    const key = game.key();
    t.after(() => game.setKeys([key]));
    game.setKeys([{ ...key, use: 'enc' }]);
    await assert.rejects(verify(forge(genuineOf(game)), trusting(game.settings)), refused);
  });

  it('makes nobody fetch what it points to', () => {
    assert.deepEqual([game.fetches(), other.fetches()], [2, 1]);
  });
});

describe('the role that a token gives', () => {
  const roles = {
    claim: 'groups',
    map: { ops: 'OPERATOR', help: 'SUPPORT', everyone: 'PLAYER' },
  } as const;
  const mappedBy = async (payload: Record<string, unknown>) => {
    const by = trusting({ ...game.settings, roles });
    const said = await verify(forge(genuineOf(game), { payload }), by);
    return (said as { mapped: { role: string; from: Date } }).mapped;
  };

  const cases: [groups: unknown, role: string][] = [
    [['ops'], 'OPERATOR'],
    ['ops', 'OPERATOR'],
    [['help', 'ops', 'everyone'], 'OPERATOR'],
    [['everyone'], 'PLAYER'],
    [undefined, 'PLAYER'],
    [['OPS', 'constructor', '__proto__', 'OPERATOR', 'ADMIN'], 'PLAYER'],
    [{ ops: true }, 'PLAYER'],
    [[['ops']], 'PLAYER'],
  ];
  for (const [groups, role] of cases) {
    it(`is ${role} for ${JSON.stringify(groups)}`, async () => {
      assert.deepEqual(await mappedBy({ groups }), { role, from: now });
    });
  }

  it('needs the time of issue, by which the later of two tokens is told', async () => {
    await assert.rejects(mappedBy({ groups: ['ops'], iat: undefined }), refused);
  });
});
