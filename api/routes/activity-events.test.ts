import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BAD_TEXTS } from '../../test/bad-texts.ts';
import { uniqueName } from '../../test/servers.ts';
import { type TestApp, testApp } from '../test-app.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let t: TestApp;
let token: string;
before(async () => {
  t = await testApp();
  token = (await t.signIn('GAME_SERVER')).accessToken;
});
after(() => t.close());

const post = (body: unknown) => t.call('POST', '/api/activity-events', { token, body });

const kill = (given: object = {}) => ({
  id: uniqueName('act'),
  userId: 'usr_1',
  metric: 'boss.killed',
  at: new Date(Date.now() - MINUTE_MS).toISOString(),
  ...given,
});

async function count(
  userId: string,
  key: string | null = null,
): Promise<number | null | undefined> {
  const window = { from: null, until: new Date(), timeZone: 'UTC', resetHour: 0 };
  const query = { metric: 'boss.killed', key, aggregation: 'COUNT' as const, ...window };
  return (await t.store.progress.read(userId, [query]))[0];
}

describe('a game server', () => {
  it('is told how many events were new, known and refused, and why', async () => {
    const userId = uniqueName('usr');
    const event = kill({ userId });
    const old = kill({ userId, at: new Date(Date.now() - 91 * DAY_MS).toISOString() });
    const { status, body } = await post({ events: [event, old, event, kill({ userId }), null] });
    assert.equal(status, 202);
    assert.deepEqual(body, {
      accepted: 2,
      duplicates: 1,
      rejected: [
        { index: 1, message: 'at: More than 90 days ago' },
        { index: 4, message: 'Not an object' },
      ],
    });
    assert.equal(await count(userId), 2);
  });

  it('may send nothing', async () => {
    const { status, body } = await post({ events: [] });
    assert.deepEqual([status, body], [202, { accepted: 0, duplicates: 0, rejected: [] }]);
  });

  it('may send a thousand events with the longest of names at once, and no more', async () => {
    const long = () => uniqueName('x'.repeat(115));
    const userId = uniqueName('usr');
    const events = Array.from({ length: 1_000 }, () => kill({ id: long(), key: long(), userId }));
    assert.equal((await post({ events })).body.accepted, 1_000);
    assert.equal(await count(userId), 1_000);
    const tooMany = await post({ events: [...events, kill()] });
    assert.deepEqual([tooMany.status, tooMany.body.code], [400, 'invalid_request']);
  });

  it('may send times in any zone', async () => {
    const userId = uniqueName('usr');
    const at = new Date(Date.now() + 9 * 60 * MINUTE_MS).toISOString().replace('Z', '+09:00');
    assert.equal((await post({ events: [kill({ userId, at })] })).body.accepted, 1);
    assert.equal(await count(userId), 1);
  });

  it('is told of every text that cannot be taken', async () => {
    for (const field of ['id', 'userId', 'metric', 'key']) {
      const events = Object.values(BAD_TEXTS).map((text) => kill({ [field]: text }));
      const { accepted, rejected } = (await post({ events })).body;
      const told = (rejected as { message: string }[]).map(({ message }) => message.split(':')[0]);
      assert.deepEqual([accepted, told], [0, events.map(() => field)]);
    }
  });

  it('may spell a name as NFC or not', async () => {
    const userId = uniqueName('usr');
    const events = ['눈', '눈'.normalize('NFD')].map((key) => kill({ userId, key }));
    assert.equal((await post({ events })).body.accepted, 2);
    assert.equal(await count(userId, '눈'), 2);
  });

  it('finds its events described', async () => {
    const { body } = await t.call<{
      components: { schemas: Record<string, { properties: object }> };
    }>('GET', '/openapi.json');
    const { ActivityEvent, ActivityBatch } = body.components.schemas;
    assert.ok(ActivityEvent && ActivityBatch);
    assert.match(JSON.stringify(ActivityBatch), /schemas\/ActivityEvent/);
    assert.deepEqual(Object.keys(ActivityEvent.properties), [
      ...['id', 'userId', 'metric', 'key', 'value', 'at'],
    ]);
  });
});
