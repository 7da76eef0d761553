import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { uniqueName } from '../../test/servers.ts';
import { PASSWORD, type TestApp, testApp } from '../test-app.ts';

let lines: Record<string, unknown>[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });

let t: TestApp;
before(async () => {
  t = await testApp({ log });
});
beforeEach(() => {
  lines = [];
});
after(() => t.close());

const login = (username: string, password: string) =>
  t.call('POST', '/api/auth/login', { body: { username, password } });

/** What was logged of sign-ins. */
const said = () => lines.map(({ msg, why, userId, from }) => ({ msg, why, userId, from }));

/** The address of a call without a socket. */
const FROM = 'no socket';

describe('the log', () => {
  it('says who signed in, and from where', async () => {
    const { id } = await t.signIn();
    assert.deepEqual(said(), [{ msg: 'signed in', why: undefined, userId: id, from: FROM }]);
  });

  it('says whose password was wrong, and nothing of a name that nobody has', async () => {
    const { id, username } = await t.signIn();
    lines = [];
    await login(username, 'another long password');
    const nobody = uniqueName('nobody');
    await login(nobody, PASSWORD);
    const refused = { msg: 'sign-in refused', why: 'PASSWORD', from: FROM };
    assert.deepEqual(said(), [
      { ...refused, userId: id },
      { ...refused, userId: undefined },
    ]);
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(`${nobody}|password"`));
  });

  it('says that a suspended user had the right password', async () => {
    const { id, username } = await t.signIn();
    await t.store.users.model.updateOne({ _id: id }, { status: 'SUSPENDED' });
    lines = [];
    await login(username, PASSWORD);
    assert.deepEqual(said(), [
      { msg: 'sign-in refused', why: 'SUSPENDED', userId: id, from: FROM },
    ]);
  });
});
