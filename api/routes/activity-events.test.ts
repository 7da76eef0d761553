import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BAD_TEXTS } from '../../test/bad-texts.ts';
import { uniqueName } from '../../test/servers.ts';
import { type TestApp, testApp } from '../test-app.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let t: TestApp;
let [token, otherToken] = ['', ''];
let playerId: string;
before(async () => {
  t = await testApp();
  const servers = [await t.signIn('GAME_SERVER'), await t.signIn('GAME_SERVER')];
  [token, otherToken] = servers.map(({ accessToken }) => accessToken) as [string, string];
  playerId = await player();
});
after(() => t.close());

const player = async (): Promise<string> => (await t.signIn()).id;

const post = (body: unknown, by = token) =>
  t.call('POST', '/api/activity-events', { token: by, body });

const kill = (given: object = {}) => ({
  id: uniqueName('act'),
  userId: playerId,
  metric: 'boss.killed',
  at: new Date(Date.now() - MINUTE_MS).toISOString(),
  ...given,
});

async function count(
  userId: string,
  key: string | null = null,
): Promise<number | null | undefined> {
  const until = new Date(Date.now() + 1);
  const window = { from: null, until, timeZone: 'UTC', resetHour: 0, resetMinute: 0 };
  const query = { metric: 'boss.killed', key, aggregation: 'COUNT' as const, ...window };
  return (await t.store.progress.read(userId, [query]))[0];
}

describe('a game server', () => {
  it('is told how many events were new, known and refused, and why', async () => {
    const userId = await player();
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

  it('has IDs of its own, and is told where it used one for something else', async () => {
    const [mine, yours] = [await player(), await player()];
    const [one, other] = [kill({ userId: mine }), kill({ userId: yours })];
    const same = { ...other, id: one.id };
    assert.equal((await post({ events: [one] })).body.accepted, 1);
    assert.equal((await post({ events: [same] }, otherToken)).body.accepted, 1);
    const { body } = await post({ events: [same, one] });
    const message = 'id: Used before for another activity';
    assert.deepEqual(body, { accepted: 0, duplicates: 1, rejected: [{ index: 0, message }] });
    assert.deepEqual([await count(mine), await count(yours)], [1, 1]);
  });

  it('is told of users who do not exist, an ID in capitals being another one', async () => {
    const userId = await player();
    const events = [uniqueName('usr'), userId.toUpperCase(), userId].map((id) =>
      kill({ userId: id }),
    );
    const message = 'userId: There is no user with this ID';
    assert.deepEqual((await post({ events })).body, {
      accepted: 1,
      duplicates: 0,
      rejected: [
        { index: 0, message },
        { index: 1, message },
      ],
    });
  });

  it('may have a clock that is three seconds ahead: its events count at once', async () => {
    const userId = await player();
    const at = new Date(Date.now() + 3_000).toISOString();
    const { body } = await post({ events: [kill({ userId, at })] });
    assert.deepEqual(body, { accepted: 1, duplicates: 0, rejected: [] });
    assert.equal(await count(userId), 1);
  });

  it('may send nothing', async () => {
    const { status, body } = await post({ events: [] });
    assert.deepEqual([status, body], [202, { accepted: 0, duplicates: 0, rejected: [] }]);
  });

  it('may send a thousand events with the longest of names at once, and no more', async () => {
    const long = () => uniqueName('x'.repeat(115));
    const userId = await player();
    const events = Array.from({ length: 1_000 }, () => kill({ id: long(), key: long(), userId }));
    assert.equal((await post({ events })).body.accepted, 1_000);
    assert.equal(await count(userId), 1_000);
    const tooMany = await post({ events: [...events, kill()] });
    assert.deepEqual([tooMany.status, tooMany.body.code], [400, 'invalid_request']);
  });

  it('may send times in any zone', async () => {
    const userId = await player();
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
    const userId = await player();
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
