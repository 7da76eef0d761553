/** Trusted issuers against a real OpenID provider: its own key set, its own tokens. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Fields, type TestApp, testApp } from '../test-app.ts';
import { createTrustedIssuers } from './issuers.ts';
import { startOpenIdProvider, type TestOpenIdProvider } from './test-oidc-provider.ts';

let provider: TestOpenIdProvider;
let t: TestApp;
before(async () => {
  provider = await startOpenIdProvider('studio', { player: [], server: ['servers', 'others'] });
  const roles = { claim: 'groups', map: { servers: 'GAME_SERVER' } } as const;
  const issuers = createTrustedIssuers([{ ...provider.settings, roles }], {
    now: () => new Date(),
    onTrouble: assert.ifError,
  });
  t = await testApp({ issuers });
});
after(async () => {
  await t.close();
  await provider.close();
});

const profile = (token: string) => t.call<Fields>('GET', '/api/auth/profile', { token });

describe('an OpenID provider', () => {
  it('signs a player in, and a game server by its group', async () => {
    const { status, body } = await profile(await provider.token('player'));
    assert.deepEqual([status, body.externalId, body.role], [200, 'ext:studio:player', 'PLAYER']);
    const server = await profile(await provider.token('server'));
    assert.deepEqual([server.status, server.body.role], [200, 'GAME_SERVER']);
  });

  it('is not believed about a token that it made for another service', async () => {
    const { status, body } = await profile(await provider.token('player', 'urn:another-service'));
    assert.deepEqual([status, body.code], [401, 'unauthenticated']);
  });

  it('names a player to game servers before that player ever came', async () => {
    const token = await provider.token('server');
    const event = { id: 'e1', userId: 'ext:studio:player', metric: 'wins', at: new Date() };
    const sent = await t.call('POST', '/api/activity-events', { token, body: { events: [event] } });
    assert.deepEqual(sent.body, { accepted: 1, duplicates: 0, rejected: [] });
    const { body } = await profile(await provider.token('player'));
    const { accessToken } = await t.signIn('ADMIN');
    const path = `/api/users/${body.id}/progress`;
    const progress = await t.call<{ items: Fields[] }>('GET', path, { token: accessToken });
    assert.deepEqual(
      progress.body.items.map(({ metric, sum }) => [metric, sum]),
      [['wins', 1]],
    );
  });
});
