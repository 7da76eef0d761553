/** What comes in over Kafka and goes out over it, by a real broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type SignedIn, type TestApp, testApp } from '../api/test-app.ts';
import { createClaimFeed } from '../store/claims/claim-feed.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { isOfDatabase } from '../store/mongodb/connection.ts';
import { newClaim, newPlayer } from '../store/test-store.ts';
import { runStreams } from '../streams/run.ts';
import { until } from './helpers.ts';
import { endSoon, lagOf, produce, type ReadRecord, readTopic } from './kafka-records.ts';
import { type KafkaServer, kafkaServer } from './kafka-server.ts';
import { uniqueName } from './servers.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A group's first assignment, on a machine with much else to do. */
const PATIENCE_MS = 90_000;

const GROUP = 'laurel-activity';

let t: TestApp;
let kafka: KafkaServer;
let gameServer: SignedIn;
let streams: { stop: () => Promise<void> };
const left: string[] = [];

before(async () => {
  [t, kafka] = await Promise.all([testApp(), kafkaServer()]);
  gameServer = await t.signIn('GAME_SERVER');
  streams = await start();
});
after(async () => {
  await streams?.stop();
  await t?.close();
  await kafka?.stop();
  endSoon();
});

/** The streams as their process runs them; resolves once the topics are there. */
async function start(leaseMs?: number) {
  const stopping = new AbortController();
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const running = runStreams({
    brokers: kafka.brokers,
    store: t.store,
    feed: createClaimFeed(t.connection, leaseMs),
    onUserLeft: async (userId) => {
      left.push(userId);
    },
    isPassing: isOfDatabase,
    onFailure: (e) => {
      if (process.env.SHOW) console.log('FAIL', e);
    },
    onReady,
    now: () => new Date(),
    signal: stopping.signal,
  });
  await Promise.race([ready, running]);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface Sent {
  id: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: string;
}

const ago = (durationMs: number) => new Date(Date.now() - durationMs).toISOString();

const kill = (userId: string, given: Partial<Sent> = {}): Sent => ({
  id: uniqueName('act'),
  userId,
  metric: 'boss.killed',
  at: ago(MINUTE_MS),
  ...given,
});

const send = (topic: string, ...values: { userId: string; at: string }[]) =>
  produce(
    kafka.brokers,
    topic,
    values.map((value) => ({ key: value.userId, value: JSON.stringify(value) })),
  );

async function count(userId: string, metric = 'boss.killed'): Promise<number> {
  const window = { from: null, until: new Date(), timeZone: 'UTC', resetHour: 0, resetMinute: 0 };
  const query = { metric, key: null, aggregation: 'COUNT' as const, ...window };
  return (await t.store.progress.read(userId, [query]))[0] ?? 0;
}

/**
 * Resolves once whatever was sent before was handled: a batch's place is committed after the batch,
 * and batches side by side in their order. A record sent last may be counted before the others.
 */
async function caughtUp(): Promise<void> {
  const isCaughtUp = async () => (await lagOf(kafka.brokers, 'game.activity', GROUP)) === 0n;
  await until(isCaughtUp, 'the activities’ places', PATIENCE_MS);
}

/** The topic's records that fit, once there are so many. */
async function recordsOf(
  topic: string,
  fits: (record: ReadRecord) => boolean,
  least: number,
): Promise<ReadRecord[]> {
  const reading = await readTopic(kafka.brokers, topic);
  try {
    const fitting = () => reading.records.filter(fits);
    await until(() => fitting().length >= least, `${least} records of ${topic}`, PATIENCE_MS);
    return fitting();
  } finally {
    await reading.close();
  }
}

describe('an activity over Kafka', () => {
  it('counts once, however often it comes and by whichever road', async () => {
    const userId = await newPlayer(t.store);
    const event = kill(userId);
    await send('game.activity', event, event, kill(userId));
    await caughtUp();
    assert.equal(await count(userId), 2);
    const call = { token: gameServer.accessToken, body: { events: [event] } };
    const { body } = await t.call('POST', '/api/activity-events', call);
    assert.deepEqual(body, { accepted: 0, duplicates: 1, rejected: [] });
    await send('game.activity', event);
    await caughtUp();
    assert.equal(await count(userId), 2);
  });

  it('counts once for the sender that its header names, as over HTTP', async () => {
    const [userId, otherId] = [await newPlayer(t.store), await newPlayer(t.store)];
    const event = kill(userId);
    const other = kill(otherId, { id: event.id });
    const say = (value: Sent, sender?: string) =>
      produce(kafka.brokers, 'game.activity', [
        { key: value.userId, value: JSON.stringify(value), ...(sender && { headers: { sender } }) },
      ]);
    for (const _ of ['once', 'again']) {
      await say(event, gameServer.id);
      await say(other, 'another-server');
    }
    await say(kill(userId, { id: event.id, value: 2 }), gameServer.id);
    await say(event, 'no id');
    await caughtUp();
    assert.deepEqual([await count(userId), await count(otherId)], [1, 1]);
    const call = { token: gameServer.accessToken, body: { events: [event] } };
    const { body } = await t.call('POST', '/api/activity-events', call);
    assert.deepEqual(body, { accepted: 0, duplicates: 1, rejected: [] });
    const dead = await recordsOf('game.activity.dead', ({ key }) => key === userId, 2);
    assert.deepEqual(dead.map(({ headers }) => headers.reason).sort(), [
      'The header sender is not a user ID',
      'id: Used before for another activity',
    ]);
  });

  it('that cannot be counted is put aside with the reason, and what follows counts', async () => {
    const userId = await newPlayer(t.store);
    const old = kill(userId, { at: ago(91 * DAY_MS) });
    const nobodys = kill(userId.toUpperCase());
    await produce(kafka.brokers, 'game.activity', [
      { key: userId, value: '{not json' },
      { key: userId, value: '\u0000' },
      { key: userId, value: 'null' },
      { key: userId, value: JSON.stringify(old) },
      { key: userId, value: JSON.stringify({ ...kill(userId), $where: 1 }) },
      { key: userId, value: JSON.stringify(nobodys) },
      { key: userId, value: JSON.stringify(kill(userId)) },
    ]);
    await caughtUp();
    assert.equal(await count(userId), 1);
    const dead = await recordsOf('game.activity.dead', ({ key }) => key === userId, 6);
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
    const userId = await newPlayer(t.store);
    // A mebibyte, less what a batch of one record takes around its key and value.
    const value = 'x'.repeat(1_048_588 - 96 - userId.length);
    await produce(kafka.brokers, 'game.activity', [{ key: userId, value }]);
    await send('game.activity', kill(userId));
    await caughtUp();
    assert.equal(await count(userId), 1);
    const [dead] = await recordsOf('game.activity.dead', ({ key }) => key === userId, 1);
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
        const userId = await newPlayer(t.store);
        const events = some.map(({ value, daysAgo }) =>
          kill(userId, { value, at: ago(daysAgo * DAY_MS + MINUTE_MS) }),
        );
        const body = (batch: Sent[]) => ({
          token: gameServer.accessToken,
          body: { events: batch },
        });
        const overHttp = async (batch: Sent[]) => {
          assert.equal((await t.call('POST', '/api/activity-events', body(batch))).status, 202);
        };
        const by = async (way: string, batch: Sent[]) => {
          if (batch.length === 0) return;
          const http = way === 'kafka' ? undefined : overHttp(batch.toReversed());
          if (way !== 'http') await send('game.activity', ...batch);
          await http;
        };
        const sent = repeated.map(([from, many, way]) => by(way, events.slice(from, from + many)));
        await Promise.all([...sent, by(last, events)]);
        await caughtUp();
        const sum = some.reduce((all, { value }) => all + value, 0);
        assert.equal(await count(userId), sum);
      }),
      { numRuns: 6 },
    );
  });
});

describe('a user’s status over Kafka', () => {
  const say = (userId: string, status: string, at: string) =>
    send('user.status', { userId, status, at } as { userId: string; at: string });
  const now = () => new Date(Date.now() + 1_000).toISOString();

  const statusOf = async (userId: string) => (await t.store.users.get(userId))?.status;
  const becomes = (userId: string, status: string) =>
    until(async () => (await statusOf(userId)) === status, `${userId} ${status}`, PATIENCE_MS);

  it('ends the user’s tokens, stops their claims and is in the audit log', async () => {
    const user = await t.signIn();
    await say(user.id, 'BANNED', now());
    await becomes(user.id, 'BANNED');
    await until(
      async () =>
        (await t.call('GET', '/api/auth/profile', { token: user.accessToken })).status === 401,
      'the token’s end',
    );
    await until(() => left.includes(user.id), 'its claims to be told');
    const [entry] = await t.store.auditLog.page({ actorId: 'kafka/user.status' }, undefined, 1);
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
    const [user, witness] = [await t.signIn(), await t.signIn()];
    const at = (s: number) => new Date(Date.now() + s * 1_000).toISOString();
    await say(user.id, 'SUSPENDED', at(10));
    await say(user.id, 'SUSPENDED', at(30));
    await say(user.id, 'ACTIVE', at(20));
    await say(user.id, 'ACTIVE', '2020-01-01T00:00:00Z');
    await becomes(user.id, 'SUSPENDED');
    await say(user.id, 'BANNED', at(40));
    await becomes(user.id, 'BANNED');
    const entries = await t.store.auditLog.page({ actorId: 'kafka/user.status' }, undefined, 10);
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
    const user = await t.signIn();
    const nobody = uniqueName('usr');
    await say(nobody, 'BANNED', now());
    await say(user.id, 'KING', now());
    await say(user.id, 'BANNED', new Date(Date.now() + DAY_MS).toISOString());
    await say(user.id, 'WITHDRAWN', now());
    await becomes(user.id, 'WITHDRAWN');
    const isOurs = ({ key }: ReadRecord) => key === nobody || key === user.id;
    const reasons = (await recordsOf('user.status.dead', isOurs, 3)).map((r) => r.headers.reason);
    assert.equal(reasons.length, 3);
    assert.ok(reasons.includes('There is no user with this ID.'), String(reasons));
    assert.ok(reasons.includes('at: In the future'), String(reasons));
  });
});

/** One change of a claim, by a verb or past them all. */
async function change(claim: Claim, set: object): Promise<void> {
  const update = { $set: { ...set, updatedAt: new Date() }, $inc: { version: 1 } };
  await t.connection.collection<Claim>('claims').updateOne({ _id: claim._id }, update);
}

const accept = async (): Promise<Claim> => (await t.store.claims.accept(newClaim())).claim;

const STATES = ['RESERVING_STOCK', 'FULFILLING', 'FULFILLING', 'GRANTED'];

/** A claim from its acceptance to its grant: five versions. */
async function runThrough(claim: Claim): Promise<void> {
  for (const [n, state] of STATES.entries()) {
    await change(claim, n === 2 ? { fate: 'GRANT' } : { state });
  }
}

/** The states and versions published for a claim, once the last is there. */
async function published(claim: Claim, lastVersion: number): Promise<string[]> {
  const isOf = ({ key }: ReadRecord) => key === claim._id;
  const reading = await readTopic(kafka.brokers, 'claim.state');
  try {
    const own = () => reading.records.filter(isOf).map(({ value }) => JSON.parse(value));
    const isThere = () => own().some(({ version }) => version === lastVersion);
    await until(isThere, `version ${lastVersion} of the claim`, PATIENCE_MS);
    return own().map(({ version, state }) => `${version} ${state}`);
  } finally {
    await reading.close();
  }
}

const WHOLE = [
  '1 PENDING_VALIDATION',
  '2 RESERVING_STOCK',
  '3 FULFILLING',
  '4 FULFILLING',
  '5 GRANTED',
];

/** Without those that came again: each at least once is what is promised. */
const distinct = (seen: string[]): string[] => [...new Set(seen)];

describe('outcomes over Kafka', () => {
  it('are a record for each change of a claim, in their order', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, accept));
    await Promise.all(claims.map(runThrough));
    for (const claim of claims) assert.deepEqual(distinct(await published(claim, 5)), WHOLE);
  });

  it('say whose claim it is, of which event, and what became of it', async () => {
    const claim = await accept();
    await change(claim, { state: 'REJECTED', reason: 'CONDITION_NOT_MET' });
    const isLast = ({ key, value }: ReadRecord) =>
      key === claim._id && JSON.parse(value).version === 2;
    const [last] = await recordsOf('claim.state', isLast, 1);
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
    const second = await start();
    const claim = await accept();
    await change(claim, { state: 'FULFILLING' });
    const seen = distinct(await published(claim, 2));
    assert.deepEqual(seen, ['1 PENDING_VALIDATION', '2 FULFILLING']);
    await streams.stop();
    streams = second;
    await change(claim, { state: 'GRANTED' });
    assert.deepEqual(distinct(await published(claim, 3)), [
      '1 PENDING_VALIDATION',
      '2 FULFILLING',
      '3 GRANTED',
    ]);
  });

  it('are all there once nothing published for a while', async () => {
    const claim = await accept();
    await published(claim, 1);
    await streams.stop();
    const more = await accept();
    await Promise.all([runThrough(claim), runThrough(more)]);
    streams = await start();
    for (const one of [claim, more]) assert.deepEqual(distinct(await published(one, 5)), WHOLE);
  });

  it('are told again from the claims themselves where the database no longer remembers its changes', async () => {
    const before = await accept();
    await published(before, 1);
    await streams.stop();
    const token = await unknownToken(before);
    await t.connection.collection('feed_places').updateOne({}, { $set: { token } });
    await runThrough(before);
    streams = await start();
    const { version } = (await t.store.claims.get(before._id)) as Claim;
    const seen = distinct(await published(before, version));
    assert.equal(seen.at(-1), `${version} GRANTED`);
    assert.ok(seen.length < version, 'not every change was told: they were not remembered');
    const later = await accept();
    await runThrough(later);
    assert.deepEqual(distinct(await published(later, 5)), WHOLE);
  });
});

/** The place of a change that never was: of the second before, which follows the first two digits. */
async function unknownToken(claim: Claim): Promise<{ _data: string }> {
  const stream = t.connection.collection('claims').watch([], { maxAwaitTimeMS: 100 });
  try {
    const seen = await until(async () => {
      await change(claim, {});
      return await stream.tryNext();
    }, 'a change of the claim');
    const { _data } = seen._id as { _data: string };
    const second = (Number.parseInt(_data.slice(2, 10), 16) - 1).toString(16).toUpperCase();
    return { _data: `${_data.slice(0, 2)}${second}0000FFFF${_data.slice(18)}` };
  } finally {
    await stream.close();
  }
}

describe('a broker that is killed', () => {
  it('loses nothing, and everything goes on once it is back', async () => {
    const [userId, user] = [await newPlayer(t.store), await t.signIn()];
    await send('game.activity', kill(userId));
    await caughtUp();
    const claim = await accept();
    await published(claim, 1);
    kafka.kill();
    await runThrough(claim);
    const call = { token: gameServer.accessToken, body: { events: [kill(userId)] } };
    assert.equal((await t.call('POST', '/api/activity-events', call)).status, 202);
    await kafka.restart();
    await send('game.activity', kill(userId));
    await send('user.status', {
      ...{ userId: user.id, status: 'BANNED' },
      at: new Date(Date.now() + 1_000).toISOString(),
    });
    await caughtUp();
    assert.equal(await count(userId), 3);
    assert.deepEqual(distinct(await published(claim, 5)), WHOLE);
    await until(
      async () => (await t.store.users.get(user.id))?.status === 'BANNED',
      'the ban',
      PATIENCE_MS,
    );
  });
});
