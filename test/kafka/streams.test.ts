/** What comes in over Kafka and goes out over it, by a real broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Claim } from '../../store/claims/claim-record.ts';
import { newPlayer, type Sent } from '../../store/test-store.ts';
import { until } from '../helpers.ts';
import { produce, type ReadRecord } from '../kafka-records.ts';
import { uniqueName } from '../servers.ts';
import {
  ago,
  distinct,
  kill,
  PATIENCE_MS,
  type RunningStreams,
  type StreamsFixture,
  streamsFixture,
  WHOLE,
} from '../streams-fixture.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let f: StreamsFixture;
/** The one that publishes. */
let streams: RunningStreams;
before(async () => {
  f = await streamsFixture();
  streams = await f.start();
});
after(async () => {
  await streams?.stop();
  await f?.close();
});

describe('a player event over Kafka', () => {
  it('counts once, however often it comes and by whichever road', async () => {
    const userId = await newPlayer(f.t.store);
    const event = kill(userId);
    await f.send('game.activity', event, event, kill(userId));
    await f.caughtUp();
    assert.equal(await f.count(userId), 2);
    const call = { token: f.gameServer.accessToken, body: { events: [event] } };
    const { body } = await f.t.call('POST', '/api/activity-events', call);
    assert.deepEqual(body, { accepted: 0, duplicates: 1, rejected: [] });
    await f.send('game.activity', event);
    await f.caughtUp();
    assert.equal(await f.count(userId), 2);
  });

  it('counts once for the sender that its header names, as over HTTP', async () => {
    const [userId, otherId] = [await newPlayer(f.t.store), await newPlayer(f.t.store)];
    const event = kill(userId);
    const other = kill(otherId, { id: event.id });
    const say = (value: Sent, sender?: string) =>
      produce(f.kafka.brokers, 'game.activity', [
        { key: value.userId, value: JSON.stringify(value), ...(sender && { headers: { sender } }) },
      ]);
    for (const _ of ['once', 'again']) {
      await say(event, f.gameServer.id);
      await say(other, 'another-server');
    }
    await say(kill(userId, { id: event.id, value: 2 }), f.gameServer.id);
    await say(event, 'no id');
    await f.caughtUp();
    assert.deepEqual([await f.count(userId), await f.count(otherId)], [1, 1]);
    const call = { token: f.gameServer.accessToken, body: { events: [event] } };
    const { body } = await f.t.call('POST', '/api/activity-events', call);
    assert.deepEqual(body, { accepted: 0, duplicates: 1, rejected: [] });
    const dead = await f.recordsOf('game.activity.dead', ({ key }) => key === userId, 2);
    assert.deepEqual(dead.map(({ headers }) => headers.reason).sort(), [
      'The header sender is not a user ID',
      'id: Used before for another activity',
    ]);
  });

  it('that cannot be counted is put aside with the reason, and what follows counts', async () => {
    const userId = await newPlayer(f.t.store);
    const old = kill(userId, { at: ago(91 * DAY_MS) });
    const nobodys = kill(userId.toUpperCase());
    await produce(f.kafka.brokers, 'game.activity', [
      { key: userId, value: '{not json' },
      { key: userId, value: '\u0000' },
      { key: userId, value: 'null' },
      { key: userId, value: JSON.stringify(old) },
      { key: userId, value: JSON.stringify({ ...kill(userId), $where: 1 }) },
      { key: userId, value: JSON.stringify(nobodys) },
      { key: userId, value: JSON.stringify(kill(userId)) },
    ]);
    await f.caughtUp();
    assert.equal(await f.count(userId), 1);
    const dead = await f.recordsOf('game.activity.dead', ({ key }) => key === userId, 6);
    assert.deepEqual(
      dead.map(({ value, headers }) => [value, headers.reason]).sort(),
      [
        ['{not json', 'The value is not JSON'],
        ['\u0000', 'The value is not JSON'],
        ['null', 'Not an object'],
        [JSON.stringify(old), 'at: More than 90 days ago'],
        [JSON.stringify(nobodys), 'userId: There is no user with this ID'],
        [
          dead.find(({ value }) => value.includes('$where'))?.value,
          'There are fields that are not known',
        ],
      ].sort(),
    );
    assert.equal(dead[0]?.headers.topic, 'game.activity');
    assert.match(dead[0]?.headers.offset ?? '', /^\d+$/);
  });

  it('is cut where no broker takes it twice, as its reason makes it longer', async () => {
    const userId = await newPlayer(f.t.store);
    // A mebibyte, less what a batch of one record takes around its key and value.
    const value = 'x'.repeat(1_048_588 - 96 - userId.length);
    await produce(f.kafka.brokers, 'game.activity', [{ key: userId, value }]);
    await f.send('game.activity', kill(userId));
    await f.caughtUp();
    assert.equal(await f.count(userId), 1);
    const [dead] = await f.recordsOf('game.activity.dead', ({ key }) => key === userId, 1);
    assert.equal(dead?.headers.cutFromBytes, String(value.length));
    assert.ok(dead.value.length < value.length);
  });

  it('comes to the same over HTTP, over Kafka and over both at once', async () => {
    const someEvents = fc.array(
      fc.record({
        value: fc.integer({ min: 1, max: 9 }),
        daysAgo: fc.integer({ min: 0, max: 60 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    const road = fc.constantFrom('http', 'kafka', 'both');
    const parts = fc.array(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 25 }), road), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(someEvents, parts, road, async (some, repeated, last) => {
        const userId = await newPlayer(f.t.store);
        const events = some.map(({ value, daysAgo }) =>
          kill(userId, { value, at: ago(daysAgo * DAY_MS + MINUTE_MS) }),
        );
        const body = (batch: Sent[]) => ({
          token: f.gameServer.accessToken,
          body: { events: batch },
        });
        const overHttp = async (batch: Sent[]) => {
          assert.equal((await f.t.call('POST', '/api/activity-events', body(batch))).status, 202);
        };
        const by = async (way: string, batch: Sent[]) => {
          if (batch.length === 0) return;
          const http = way === 'kafka' ? undefined : overHttp(batch.toReversed());
          if (way !== 'http') await f.send('game.activity', ...batch);
          await http;
        };
        const sent = repeated.map(([from, many, way]) => by(way, events.slice(from, from + many)));
        await Promise.all([...sent, by(last, events)]);
        await f.caughtUp();
        const sum = some.reduce((all, { value }) => all + value, 0);
        assert.equal(await f.count(userId), sum);
      }),
      { numRuns: 6 },
    );
  });
});

describe('a user’s status over Kafka', () => {
  const say = (userId: string, status: string, at: string) =>
    f.send('user.status', { userId, status, at } as { userId: string; at: string });
  const now = () => new Date(Date.now() + 1_000).toISOString();

  const statusOf = async (userId: string) => (await f.t.store.users.get(userId))?.status;
  const becomes = (userId: string, status: string) =>
    until(async () => (await statusOf(userId)) === status, `${userId} ${status}`, PATIENCE_MS);

  it('ends the user’s tokens, stops their claims and is in the audit log', async () => {
    const user = await f.t.signIn();
    await say(user.id, 'BANNED', now());
    await becomes(user.id, 'BANNED');
    await until(
      async () =>
        (await f.t.call('GET', '/api/auth/profile', { token: user.accessToken })).status === 401,
      'the token’s end',
    );
    await until(() => f.left.includes(user.id), 'its claims to be told');
    const [entry] = await f.t.store.auditLog.page({ actorId: 'kafka/user.status' }, undefined, 1);
    assert.equal(entry?.targetId, user.id);
    assert.equal(entry?.actorRole, 'GAME_SERVER');
    assert.deepEqual(
      [entry?.before, entry?.after],
      [
        { role: 'PLAYER', status: 'ACTIVE' },
        { role: 'PLAYER', status: 'BANNED' },
      ],
    );
  });

  it('is ignored where a later one is known, also one that changed nothing', async () => {
    const [user, witness] = [await f.t.signIn(), await f.t.signIn()];
    const at = (s: number) => new Date(Date.now() + s * 1_000).toISOString();
    await say(user.id, 'SUSPENDED', at(10));
    await say(user.id, 'SUSPENDED', at(30));
    await say(user.id, 'ACTIVE', at(20));
    await say(user.id, 'ACTIVE', '2020-01-01T00:00:00Z');
    await becomes(user.id, 'SUSPENDED');
    await say(user.id, 'BANNED', at(40));
    await becomes(user.id, 'BANNED');
    const entries = await f.t.store.auditLog.page({ actorId: 'kafka/user.status' }, undefined, 10);
    assert.deepEqual(
      entries.filter(({ targetId }) => targetId === user.id).map(({ after }) => after),
      [
        { role: 'PLAYER', status: 'BANNED' },
        { role: 'PLAYER', status: 'SUSPENDED' },
      ],
    );
    assert.equal(await statusOf(witness.id), 'ACTIVE');
  });

  it('that cannot be taken is put aside with the reason, and what follows is taken', async () => {
    const user = await f.t.signIn();
    const nobody = uniqueName('usr');
    await say(nobody, 'BANNED', now());
    await say(user.id, 'KING', now());
    await say(user.id, 'BANNED', new Date(Date.now() + DAY_MS).toISOString());
    await say(user.id, 'WITHDRAWN', now());
    await becomes(user.id, 'WITHDRAWN');
    const isOurs = ({ key }: ReadRecord) => key === nobody || key === user.id;
    const reasons = (await f.recordsOf('user.status.dead', isOurs, 3)).map((r) => r.headers.reason);
    assert.equal(reasons.length, 3);
    assert.ok(reasons.includes('There is no user with this ID.'), String(reasons));
    assert.ok(reasons.includes('at: In the future'), String(reasons));
  });
});

describe('outcomes over Kafka', () => {
  it('are a record for each change of a claim, in their order', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, f.accept));
    await Promise.all(claims.map(f.runThrough));
    for (const claim of claims) assert.deepEqual(distinct(await f.published(claim, 5)), WHOLE);
  });

  it('say whose claim it is, of which event, and what became of it', async () => {
    const claim = await f.accept();
    await f.change(claim, { state: 'REJECTED', reason: 'CONDITION_NOT_MET' });
    const isLast = ({ key, value }: ReadRecord) =>
      key === claim._id && JSON.parse(value).version === 2;
    const [last] = await f.recordsOf('claim.state', isLast, 1);
    const { at, ...said } = JSON.parse(last?.value ?? '');
    assert.deepEqual(said, {
      claimId: claim._id,
      eventId: claim.eventId,
      userId: claim.userId,
      state: 'REJECTED',
      reason: 'CONDITION_NOT_MET',
      version: 2,
    });
    assert.ok(Date.parse(at) > Date.now() - MINUTE_MS);
  });

  it('are published by one process of several, and by the next when that one ends', async () => {
    const second = await f.start();
    const claim = await f.accept();
    await f.change(claim, { state: 'FULFILLING' });
    const seen = distinct(await f.published(claim, 2));
    assert.deepEqual(seen, ['1 PENDING_VALIDATION', '2 FULFILLING']);
    await streams.stop();
    streams = second;
    await f.change(claim, { state: 'GRANTED' });
    assert.deepEqual(distinct(await f.published(claim, 3)), [
      '1 PENDING_VALIDATION',
      '2 FULFILLING',
      '3 GRANTED',
    ]);
  });

  it('are all there once nothing published for a while', async () => {
    const claim = await f.accept();
    await f.published(claim, 1);
    await streams.stop();
    const more = await f.accept();
    await Promise.all([f.runThrough(claim), f.runThrough(more)]);
    streams = await f.start();
    for (const one of [claim, more]) assert.deepEqual(distinct(await f.published(one, 5)), WHOLE);
  });

  it('are told again from the claims themselves where the database no longer remembers its changes', async () => {
    const before = await f.accept();
    await f.published(before, 1);
    await streams.stop();
    const token = await unknownToken(before);
    await f.t.connection.collection('feed_places').updateOne({}, { $set: { token } });
    await f.runThrough(before);
    streams = await f.start();
    const { version } = (await f.t.store.claims.get(before._id)) as Claim;
    const seen = distinct(await f.published(before, version));
    assert.equal(seen.at(-1), `${version} GRANTED`);
    assert.ok(seen.length < version, 'not every change was told: they were not remembered');
    const later = await f.accept();
    await f.runThrough(later);
    assert.deepEqual(distinct(await f.published(later, 5)), WHOLE);
  });
});

/** The place of a change that never was: of the second before, which follows the first two digits. */
async function unknownToken(claim: Claim): Promise<{ _data: string }> {
  const stream = f.t.connection.collection('claims').watch([], { maxAwaitTimeMS: 100 });
  try {
    const seen = await until(async () => {
      await f.change(claim, {});
      return await stream.tryNext();
    }, 'a change of the claim');
    const { _data } = seen._id as { _data: string };
    const second = (Number.parseInt(_data.slice(2, 10), 16) - 1).toString(16).toUpperCase();
    return { _data: `${_data.slice(0, 2)}${second}0000FFFF${_data.slice(18)}` };
  } finally {
    await stream.close();
  }
}
