import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { uniqueName } from '../../test/servers.ts';
import { type TestApp, testApp } from '../test-app.ts';
import type { Client } from './client-address.ts';
import { createGuesses, type Guesses } from './guesses.ts';

let t: TestApp;
/** Two API processes over one database. */
let processes: [Guesses, Guesses];
before(async () => {
  t = await testApp();
  const make = () =>
    createGuesses({ store: t.store.guesses, enabled: true, now: () => new Date() });
  processes = [make(), make()];
});
after(() => t.close());

const at = (address: string): Client => ({ address, isProxy: false, scheme: 'https' });
const from = (n: number) => at(`198.51.${Math.floor(n / 250)}.${n % 250}`);

type Outcome = 'compared' | 'rate_limited';

/** One guess, which is compared unless it is refused. */
async function guess(
  account: string,
  client: Client,
  { door = 'PASSWORD' as 'PASSWORD' | 'CODE', isRight = false, by = 0 } = {},
): Promise<Outcome> {
  const attempt = (processes[by % 2] as Guesses).attempt(door, account, client);
  try {
    await attempt.before();
  } catch (error) {
    return (error as { code: Outcome }).code;
  }
  await attempt.after(isRight);
  return 'compared';
}

/** Many guesses, twenty side by side: as many as the database answers in time on a busy machine. */
async function guesses(many: number, one: (n: number) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < many) {
    const first = outcomes.length;
    const batch = Array.from({ length: Math.min(20, many - first) }, (_, n) => one(first + n));
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

const count = (outcomes: Outcome[]) => outcomes.filter((one) => one === 'compared').length;

describe('guessing', () => {
  for (const [door, most] of [
    ['PASSWORD', 10],
    ['CODE', 5],
  ] as const) {
    it(`at a ${door} from one address ends at ${most}, side by side and over all processes`, async () => {
      const account = uniqueName('usr');
      const client = at('192.0.2.1');
      const side = Array.from({ length: 60 }, (_, by) => guess(account, client, { door, by }));
      assert.equal(count(await Promise.all(side)), most);
      assert.equal(await guess(account, client, { door, isRight: true }), 'rate_limited');
    });
  }

  it('is forgiven with a right guess', async () => {
    const account = uniqueName('usr');
    const client = at('192.0.2.2');
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 9; n += 1) assert.equal(await guess(account, client), 'compared');
      assert.equal(await guess(account, client, { isRight: true }), 'compared');
    }
  });

  it('says when to come back', async () => {
    const account = uniqueName('usr');
    for (let n = 0; n < 10; n += 1) await guess(account, at('192.0.2.3'));
    const attempt = processes[0].attempt('PASSWORD', account, at('192.0.2.3'));
    await assert.rejects(attempt.before(), (error: { retryAfterS: number }) => {
      return error.retryAfterS > 0 && error.retryAfterS <= 300;
    });
  });

  it('from one address does not use up what the account has for others', async () => {
    const account = uniqueName('usr');
    const side = Array.from({ length: 60 }, (_, by) => guess(account, at('192.0.2.4'), { by }));
    await Promise.all(side);
    for (let n = 0; n < 120; n += 1) await guess(account, at('192.0.2.4'));
    assert.equal(await guess(account, at('192.0.2.5'), { isRight: true }), 'compared');
  });

  it('from many addresses ends at a hundred, but not for the user at an address of theirs', async () => {
    const account = uniqueName('usr');
    const home = at('192.0.2.6');
    await processes[0].signedIn(account, home);
    const tried = await guesses(120, (n) => guess(account, from(n), { by: n }));
    assert.equal(count(tried), 100);
    assert.equal(await guess(account, from(500), { isRight: true }), 'rate_limited');
    assert.equal(await guess(account, home, { isRight: true, by: 1 }), 'compared');
  });

  it('at many accounts from one address ends at 300, but not for who signs in from there', async () => {
    const shared = at('203.0.113.9');
    const home = uniqueName('usr');
    await processes[0].signedIn(home, shared);
    const tried = await guesses(320, (n) => guess(`usr_${n}`, shared, { by: n }));
    assert.equal(count(tried), 300);
    assert.equal(await guess(home, shared, { isRight: true }), 'compared');
    assert.equal(await guess(uniqueName('usr'), shared), 'rate_limited');
  });

  it('counts the addresses of one IPv6 network together', async () => {
    const account = uniqueName('usr');
    const side = Array.from({ length: 30 }, (_, n) => guess(account, at(`2001:db8::${n + 1}`)));
    assert.equal(count(await Promise.all(side)), 10);
  });
});

describe('what is stored of guesses', () => {
  it('is neither a name nor an address', async () => {
    const account = uniqueName('usr');
    await guess(account, at('192.0.2.77'));
    await processes[0].signedIn(account, at('192.0.2.77'));
    const counts = JSON.stringify(await t.connection.collection('guesses').find().toArray());
    const known = JSON.stringify(await t.store.guesses.knownAddresses.find().lean());
    assert.ok(!counts.includes(account) && !`${counts}${known}`.includes('192.0.2.77'));
  });

  it('goes by itself', async () => {
    for (const name of ['guesses', 'knownAddresses']) {
      const indexes = await t.connection.collection(name).indexes();
      assert.ok(
        indexes.some(({ expireAfterSeconds }) => expireAfterSeconds === 0),
        name,
      );
    }
  });
});

describe('with RATE_LIMITS=off', () => {
  it('passwords are not counted, and codes are: no gateway can do that', async () => {
    const off = createGuesses({ store: t.store.guesses, enabled: false, now: () => new Date() });
    const failed = async (door: 'PASSWORD' | 'CODE') => {
      const attempt = off.attempt(door, 'usr_off', at('192.0.2.8'));
      await attempt.before();
      await attempt.after(false);
    };
    for (let n = 0; n < 150; n += 1) await failed('PASSWORD');
    for (let n = 0; n < 20; n += 1) await failed('CODE');
    await assert.rejects(failed('CODE'), { code: 'rate_limited' });
  });
});
