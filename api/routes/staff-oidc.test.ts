import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import {
  type OpenIdProvider,
  signInAtProvider,
  startOpenIdProvider,
} from '../../test/openid-provider.ts';
import { createStaffSignIn } from '../identity/staff-oidc.ts';
import { type Pair, type TestApp, testApp } from '../test-app.ts';
import { CALLBACK_PATH, inConsole } from './staff-oidc.ts';

const START = '/api/auth/oidc/start';
const OURS = 'http://localhost';
const ROLES = {
  claim: 'groups',
  map: { 'laurel-ops': 'OPERATOR', 'laurel-audit': 'AUDITOR' },
  allowAdmin: false,
} as const;

let provider: OpenIdProvider;
let t: TestApp;

const settingsOf = ({ issuer, clientId, clientSecret }: OpenIdProvider) => ({
  ...{ name: 'studio', issuer, clientId, clientSecret, roles: ROLES },
  scope: 'openid profile',
});

before(async () => {
  provider = await startOpenIdProvider([`${OURS}${CALLBACK_PATH}`]);
  provider.accounts.set('minji', { name: 'Minji', groups: ['laurel-ops', 'artists'] });
  provider.accounts.set('artist', { groups: ['artists'] });
  const settings = settingsOf(provider);
  t = await testApp({ staffOidc: { settings, signIn: createStaffSignIn(settings) } });
});
after(async () => {
  await t?.close();
  await provider?.close();
});

/** A browser of somebody: it keeps the cookies that we set. */
function browser(app: TestApp = t) {
  const cookies = new Map<string, string>();
  async function visit(path: string, headers: Record<string, string> = {}) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await app.app.request(path, { headers: { cookie, ...headers } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
  return {
    cookies,
    visit,
    /** Begins a sign-in. @returns the provider's address */
    async begin(returnTo = '/console/claims?state=GRANTED'): Promise<string> {
      const answer = await visit(`${START}?${new URLSearchParams({ returnTo })}`);
      assert.equal(answer.status, 303);
      return answer.headers.get('location') ?? '';
    },
    /** Comes back from the provider. @returns where we send the browser then */
    async comeBack(to: URL): Promise<string> {
      const answer = await visit(`${to.pathname}${to.search}`);
      assert.equal(answer.status, 303);
      return answer.headers.get('location') ?? '';
    },
    /** Whether the browser has a session that gives access tokens. */
    async profile() {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const session = await app.call<Pair>('POST', '/api/auth/session/refresh', {
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
      });
      if (session.status !== 200) return null;
      return (await app.call('GET', '/api/auth/profile', { token: session.body.accessToken })).body;
    },
  };
}

/** A whole sign-in of an account. */
async function signedIn(login: string) {
  const visitor = browser();
  const back = await signInAtProvider(await visitor.begin(), login);
  return { visitor, back, to: await visitor.comeBack(back) };
}

describe("a sign-in at the studio's provider", () => {
  it('begins a session of the mapped role, and leads back to where one was', async () => {
    const { visitor, to } = await signedIn('minji');
    assert.equal(to, '/console/claims?state=GRANTED');
    const { role, displayName, externalId } = (await visitor.profile()) ?? {};
    assert.deepEqual(
      { role, displayName, externalId },
      { role: 'OPERATOR', displayName: 'Minji', externalId: 'ext:studio:minji' },
    );
  });

  it('is of the same user each time, whose role follows their groups', async () => {
    provider.accounts.set('doyun', { groups: ['laurel-ops'] });
    const first = await (await signedIn('doyun')).visitor.profile();
    provider.accounts.set('doyun', { groups: ['laurel-audit'] });
    const second = await (await signedIn('doyun')).visitor.profile();
    assert.equal(second?.id, first?.id);
    assert.deepEqual([first?.role, second?.role], ['OPERATOR', 'AUDITOR']);
  });

  it('is refused to somebody without a role here, and makes no user', async () => {
    const { visitor, to } = await signedIn('artist');
    assert.match(to, /[?&]sign-in=forbidden$/);
    assert.equal(await visitor.profile(), null);
    assert.equal(await t.store.users.findExternal('ext:studio:artist'), null);
  });

  it('is refused to a suspended user', async () => {
    provider.accounts.set('jisoo', { groups: ['laurel-ops'] });
    const first = await (await signedIn('jisoo')).visitor.profile();
    await t.store.users.model.updateOne({ _id: first?.id as string }, { status: 'SUSPENDED' });
    const { visitor, to } = await signedIn('jisoo');
    assert.match(to, /sign-in=user_not_active$/);
    assert.equal(await visitor.profile(), null);
  });

  it('asks with PKCE, a state and a nonce of its own each time', async () => {
    const urls = [await browser().begin(), await browser().begin()].map((url) => new URL(url));
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = urls.map(({ searchParams }) => searchParams.get(name) ?? '');
      assert.ok(
        values.every((value) => value.length >= 43),
        name,
      );
      assert.notEqual(values[0], values[1]);
    }
    assert.equal(urls[0]?.searchParams.get('code_challenge_method'), 'S256');
  });
});

describe('what does not fit is refused, and begins no session', () => {
  type Back = (back: URL, visitor: ReturnType<typeof browser>) => unknown;
  const set =
    (name: string, value: string): Back =>
    (back) =>
      back.searchParams.set(name, value);
  const ATTACKS: Record<string, Back> = {
    'a forged state': set('state', 'forged'),
    'no state': (back) => back.searchParams.delete('state'),
    'two states': (back) => back.searchParams.append('state', 'another'),
    'no code': (back) => back.searchParams.delete('code'),
    'a forged code': set('code', 'forged'),
    'an answer that names another issuer (mix-up)': set('iss', 'https://evil.example'),
    'an answer that names no issuer (mix-up)': (back) => back.searchParams.delete('iss'),
    'an answer of the provider that says no': (back) => {
      back.searchParams.delete('code');
      back.searchParams.set('error', 'access_denied');
    },
    'a browser that began nothing (login CSRF)': (_, { cookies }) => cookies.clear(),
    'a cookie that is no JSON': (_, { cookies }) => cookies.set('__Host-laurel-oidc', 'e30x'),
    'a cookie without a verifier': (_, { cookies }) => changePending(cookies, { verifier: null }),
    "another sign-in's verifier": (_, { cookies }) =>
      changePending(cookies, { verifier: 'v'.repeat(43) }),
    "another sign-in's nonce": (_, { cookies }) => changePending(cookies, { nonce: 'another' }),
  };

  for (const [what, attack] of Object.entries(ATTACKS)) {
    it(what, async () => {
      const visitor = browser();
      const back = await signInAtProvider(await visitor.begin(), 'minji');
      attack(back, visitor);
      assert.match(await visitor.comeBack(back), /[?&]sign-in=unauthenticated$/);
      assert.equal(visitor.cookies.has('__Host-laurel'), false);
      assert.equal(await visitor.profile(), null);
    });
  }

  it('a code that was used', async () => {
    const { back, visitor } = await signedIn('minji');
    assert.match(await visitor.comeBack(back), /sign-in=unauthenticated$/);
  });

  it("the answer to somebody else's sign-in", async () => {
    const [attacker, victim] = [browser(), browser()];
    const back = await signInAtProvider(await attacker.begin(), 'minji');
    await victim.begin();
    assert.match(await victim.comeBack(back), /sign-in=unauthenticated$/);
    assert.equal(await victim.profile(), null);
  });

  for (const site of ['cross-site', 'same-site']) {
    it(`a link of another page, which leads to the sign-in page: ${site}`, async () => {
      const visitor = browser();
      const address = `${START}?${new URLSearchParams({ returnTo: '/console/users' })}`;
      const answer = await visitor.visit(address, { 'sec-fetch-site': site });
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/console/users']);
      assert.equal(visitor.cookies.size, 0);
    });
  }

  it('over plain HTTP from another machine', async () => {
    const answer = await t.app.request('http://laurel.example/api/auth/oidc/start');
    assert.equal(answer.status, 403);
  });
});

/** Changes what the browser kept of the sign-in that it began. */
function changePending(cookies: Map<string, string>, change: object): void {
  const name = '__Host-laurel-oidc';
  const pending = JSON.parse(Buffer.from(cookies.get(name) ?? '', 'base64url').toString());
  const changed = JSON.stringify({ ...pending, ...change });
  cookies.set(name, Buffer.from(changed).toString('base64url'));
}

describe('where a sign-in leads back to', () => {
  for (const address of ['/console', '/console/claims?state=GRANTED', '/console/events/evt_1']) {
    it(`is ${address}`, () => assert.equal(inConsole(address), address));
  }
  const ELSEWHERE = [
    ...['https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example'],
    ...['/console/..//evil.example', '/console/%2e%2e//evil.example', '/consolers', '/api/users'],
    ...[
      'javascript:alert(1)',
      '/\t/evil.example',
      'http:evil.example',
      '',
      '/console@evil.example',
    ],
    ...['https://evil.example/console', ' //evil.example/console', '/%5cevil.example'],
  ];
  for (const address of ELSEWHERE) {
    it(`is not ${JSON.stringify(address)}`, () => assert.equal(inConsole(address), '/console'));
  }
});

describe('a provider that lies or is away', () => {
  /** A provider that answers every code with an ID token of our choice. */
  async function lyingProvider(
    metadata: object,
    claims: (nonce: string) => JWTPayload,
    signed = true,
  ) {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const other = await generateKeyPair('RS256');
    let nonce = '';
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://provider');
      const body = {
        '/.well-known/openid-configuration': {
          ...{
            issuer,
            authorization_endpoint: `${issuer}/auth`,
            token_endpoint: `${issuer}/token`,
          },
          ...{ jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'] },
          ...metadata,
        },
        '/jwks': {
          keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }],
        },
        '/token': {
          ...{ access_token: 'a', token_type: 'Bearer' },
          id_token: await new SignJWT({
            ...{ iss: issuer, aud: 'laurel', sub: 'minji', nonce, groups: ['laurel-ops'] },
            ...{ exp: Math.floor(Date.now() / 1_000) + 300 },
            ...claims(nonce),
          })
            .setProtectedHeader({ alg: 'RS256', kid: 'k' })
            .setIssuedAt()
            .sign(signed ? privateKey : other.privateKey),
        },
      }[pathname];
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { ...settingsOf(provider), issuer };
    const signIn = createStaffSignIn(settings);
    return {
      async signIn() {
        const { url, pending } = await signIn.begin(`${OURS}${CALLBACK_PATH}`, '/console');
        nonce = url.searchParams.get('nonce') ?? '';
        const answer = new URL(`${OURS}${CALLBACK_PATH}?code=c&state=${pending.state}`);
        return await signIn.end(answer, pending);
      },
      close: () => server.close(),
    };
  }

  it('is believed where it says what fits', async (c) => {
    const lying = await lyingProvider({}, () => ({}));
    c.after(lying.close);
    assert.equal((await lying.signIn()).subject, 'minji');
  });

  const LIES: Record<string, (nonce: string) => JWTPayload> = {
    'a token for another client': () => ({ aud: 'another' }),
    'a token of another issuer': () => ({ iss: 'https://evil.example' }),
    'a token of another sign-in': () => ({ nonce: 'another' }),
    'a token without a subject': () => ({ sub: undefined }) as never,
    'an expired token': () => ({ exp: 1 }),
  };
  for (const [what, claims] of Object.entries(LIES)) {
    it(`is not believed: ${what}`, async (c) => {
      const lying = await lyingProvider({}, claims);
      c.after(lying.close);
      await assert.rejects(lying.signIn(), { code: 'unauthenticated' });
    });
  }

  it('is not believed: a token that another key signed', async (c) => {
    const lying = await lyingProvider({}, () => ({}), false);
    c.after(lying.close);
    await assert.rejects(lying.signIn(), { code: 'unauthenticated' });
  });

  it('is not believed: metadata of another issuer', async (c) => {
    const lying = await lyingProvider({ issuer: 'https://evil.example' }, () => ({}));
    c.after(lying.close);
    await assert.rejects(lying.signIn(), { code: 'unavailable' });
  });

  it('that is away is said, and is asked again the next time', async () => {
    const settings = { ...settingsOf(provider), issuer: 'http://127.0.0.1:1' };
    const app = await testApp({ staffOidc: { settings, signIn: createStaffSignIn(settings) } });
    const answer = await app.app.request(START);
    assert.match(answer.headers.get('location') ?? '', /sign-in=unavailable$/);
    await app.close();
  });
});
