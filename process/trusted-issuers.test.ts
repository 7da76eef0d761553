import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { trustedIssuers } from './trusted-issuers.ts';

const GAME = {
  name: 'game',
  issuer: 'https://id.example',
  jwksUrl: 'https://id.example/jwks',
  audience: 'laurel',
};
const OTHER = { ...GAME, name: 'other', issuer: 'https://other.example' };

describe('TRUSTED_ISSUERS', () => {
  it('has common algorithms unless it names some, and no mapping to admins', () => {
    const roles = { claim: 'groups', map: { ops: 'OPERATOR' } };
    assert.deepEqual(trustedIssuers.parse([{ ...GAME, roles }]), [
      {
        ...GAME,
        algorithms: ['EdDSA', 'ES256', 'RS256'],
        roles: { ...roles, allowAdmin: false },
      },
    ]);
  });

  const good: Record<string, object[]> = {
    none: [],
    'two issuers with one key set': [GAME, OTHER],
    'plain HTTP on this machine': [{ ...GAME, jwksUrl: 'http://127.0.0.1:1/jwks' }],
    'a mapping to ADMIN that says so': [
      { ...GAME, roles: { claim: 'g', map: { boss: 'ADMIN' }, allowAdmin: true } },
    ],
  };
  for (const [name, issuers] of Object.entries(good)) {
    it(`takes ${name}`, () => void trustedIssuers.parse(issuers));
  }

  const bad: [name: string, issuers: object[], why: RegExp][] = [
    ['no signature', [{ ...GAME, algorithms: ['none'] }], /only signatures by a private key/],
    ['a shared secret', [{ ...GAME, algorithms: ['HS256'] }], /only signatures by a private key/],
    ['no algorithm', [{ ...GAME, algorithms: [] }], /expected array to have >=1 items/],
    ['one name twice', [GAME, { ...OTHER, name: 'game' }], /two issuers have the name/],
    ['one issuer twice', [GAME, { ...OTHER, issuer: GAME.issuer }], /two issuers have the issuer/],
    ['keys over plain HTTP', [{ ...GAME, jwksUrl: 'http://id.example/jwks' }], /an https URL/],
    ['an issuer over plain HTTP', [{ ...GAME, issuer: 'http://localhost.example' }], /an https/],
    ['a password in a URL', [{ ...GAME, jwksUrl: 'https://a:b@id.example' }], /without user/],
    ['no audience', [{ ...GAME, audience: '' }], /Too small/],
    ['a name with a colon', [{ ...GAME, name: 'a:b' }], /a-z, 0-9/],
    ['a role that is none', [{ ...GAME, roles: { claim: 'g', map: { a: 'GOD' } } }], /Invalid/],
    [
      'a mapping to ADMIN that does not say so',
      [{ ...GAME, roles: { claim: 'g', map: { boss: 'ADMIN' } } }],
      /a mapping to ADMIN needs/,
    ],
    ['an unknown field', [{ ...GAME, audiences: ['a'] }], /Unrecognized key/],
  ];
  for (const [name, issuers, why] of bad) {
    it(`refuses ${name}`, () => {
      const { error } = trustedIssuers.safeParse(issuers);
      assert.match(error ? z.prettifyError(error) : 'it was taken', why);
    });
  }
});
