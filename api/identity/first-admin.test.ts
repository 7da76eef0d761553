import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PASSWORD, type TestApp, testApp } from '../test-app.ts';
import { makeFirstAdmin } from './first-admin.ts';

let t: TestApp;
before(async () => {
  t = await testApp();
});
after(() => t.close());

const start = (password: string) => {
  const { passwords, now } = t.deps;
  return makeFirstAdmin({ users: t.store.users, passwords, now }, { username: 'root', password });
};

describe('the first admin', () => {
  it('signs in with the password of the first start, whatever later starts say', async () => {
    const made = await Promise.all([start(PASSWORD), start(PASSWORD)]);
    const again = await start('another long password');
    assert.equal(new Set([...made, again].map((user) => user.userId)).size, 1);
    const { accessToken } = await t.login('root');
    const profile = await t.call('GET', '/api/auth/profile', { token: accessToken });
    assert.deepEqual([profile.status, profile.body.role], [200, 'ADMIN']);
  });
});
