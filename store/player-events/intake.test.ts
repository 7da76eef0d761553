/** Which player events count: each `id` once for its sender, of existing players, at its time. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, type IngestOutcome } from '../../domain/conditions/player-event.ts';
import {
  newPlayer,
  profiled,
  type Sent,
  type StoreFixture,
  storeFixture,
  unique,
} from '../test-store.ts';
import { createProgressStore, DEFAULT_RULES } from './progress.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');
const MINUTE_MS = 60_000;

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
  t.setNow(NOW);
});
after(() => t.close());

type Sender = string | undefined;

const ago = (durationMs: number): string => new Date(NOW.getTime() - durationMs).toISOString();

/** In time for the fold of its day, and long after it. */
const TIMES = [ago(MINUTE_MS), ago(30 * DAY_MS)];

const playerEvent = (userId: string, given: Partial<Sent> = {}): Sent => ({
  id: unique('act'),
  userId,
  metric: 'boss.killed',
  at: ago(MINUTE_MS),
  ...given,
});

const ingest = (sender: Sender, events: unknown[], now = NOW): Promise<IngestOutcome> =>
  t.store.progress.ingest(events, now, () => sender);

const ACCEPTED = { accepted: 1, duplicates: 0, rejected: [] };
const DUPLICATE = { accepted: 0, duplicates: 1, rejected: [] };
const refused = (message: string): IngestOutcome => ({
  accepted: 0,
  duplicates: 0,
  rejected: [{ index: 0, message }],
});
const OTHER_CONTENT = refused('id: Used before for another activity');

async function count(userId: string, given: { metric?: string; key?: string } = {}) {
  const window = {
    from: null,
    until: new Date(NOW.getTime() + 1),
    timeZone: 'UTC',
    resetHour: 0,
    resetMinute: 0,
  };
  const { metric = 'boss.killed', key = null } = given;
  const query = { metric, key, aggregation: 'COUNT' as const, ...window };
  return (await t.store.progress.read(userId, [query]))[0];
}

describe('the id of a player event', () => {
  it('counts once for each sender, who may be two with the same one', async () => {
    for (const at of TIMES) {
      const [one, other] = [await newPlayer(t.store), await newPlayer(t.store)];
      const id = unique('act');
      const [first, second] = [playerEvent(one, { id, at }), playerEvent(other, { id, at })];
      for (const expected of [ACCEPTED, DUPLICATE]) {
        assert.deepEqual(await ingest('server-a', [first]), expected);
        assert.deepEqual(await ingest('server-b', [second]), expected);
        assert.deepEqual(await ingest('server-c', [second]), expected);
      }
      assert.deepEqual([await count(one), await count(other)], [1, 2]);
    }
  });

  it('is refused with other content, whatever differs, and counts as it was', async () => {
    for (const at of TIMES) {
      const [userId, otherId] = [await newPlayer(t.store), await newPlayer(t.store)];
      const event = playerEvent(userId, { key: 'a', value: 2, at });
      assert.deepEqual(await ingest('server-a', [event]), ACCEPTED);
      const { key: _, ...keyless } = event;
      const others = [
        { ...event, userId: otherId },
        { ...event, metric: 'boss.seen' },
        { ...event, key: 'b' },
        keyless,
        { ...event, value: 3 },
        ...[ago(2 * MINUTE_MS), ago(40 * DAY_MS)].map((time) => ({ ...event, at: time })),
      ];
      for (const other of others) {
        assert.deepEqual(await ingest('server-a', [other]), OTHER_CONTENT, JSON.stringify(other));
      }
      assert.deepEqual(await ingest('server-a', [event]), DUPLICATE);
      assert.deepEqual([await count(userId), await count(otherId)], [2, 0]);
    }
  });

  it('is the same event where only the writing differs', async () => {
    const userId = await newPlayer(t.store);
    const event = playerEvent(userId, { key: 'caf\u00e9', at: '2026-11-22T14:00:00.000Z' });
    assert.deepEqual(await ingest('server-a', [event]), ACCEPTED);
    const same = { ...event, key: 'cafe\u0301', value: 1, at: '2026-11-22T23:00:00+09:00' };
    assert.deepEqual(await ingest('server-a', [same]), DUPLICATE);
  });

  it('counts once where a record that names no sender says the same, at whichever time', async () => {
    for (const at of TIMES) {
      for (const senders of [
        ['server-a', undefined],
        [undefined, 'server-a'],
      ]) {
        const userId = await newPlayer(t.store);
        const event = playerEvent(userId, { at });
        const outcomes = [];
        for (const sender of senders) outcomes.push(await ingest(sender, [event]));
        assert.deepEqual(outcomes, [ACCEPTED, DUPLICATE]);
        assert.equal(await count(userId), 1);
        const other = { ...event, value: 7 };
        for (const sender of senders) await ingest(sender, [other]);
        assert.equal(await count(userId), 8, 'two senders, two events: counted once each');
      }
    }
  });

  it('counts once where batches of all roads meet', async () => {
    for (const at of TIMES) {
      const userId = await newPlayer(t.store);
      const events = Array.from({ length: 20 }, () => playerEvent(userId, { at }));
      const senders = ['server-a', undefined, 'server-a', undefined];
      const outcomes = await Promise.all(senders.map((sender) => ingest(sender, events)));
      const sum = (of: 'accepted' | 'duplicates') => outcomes.reduce((all, o) => all + o[of], 0);
      assert.deepEqual([sum('accepted'), sum('duplicates')], [20, 60]);
      assert.equal(await count(userId), 20);
    }
  });

  it('is judged in one way for every order and batching of what two senders send', async () => {
    const pick = fc.record({
      sender: fc.constantFrom('server-a', 'server-b'),
      id: fc.nat(2),
      value: fc.integer({ min: 1, max: 3 }),
      time: fc.nat(1),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(pick, { minLength: 1, maxLength: 6 }), { maxLength: 5 }),
        async (batches) => {
          const userId = await newPlayer(t.store);
          const kept = new Map<string, { value: number; content: string }>();
          const prefix = unique('act');
          for (const batch of batches) {
            for (const sender of ['server-a', 'server-b']) {
              const own = batch.filter((one) => one.sender === sender);
              const expected = own.map(({ id, value, time }) => {
                const known = kept.get(`${sender} ${id}`);
                const content = `${value} ${time}`;
                if (!known) kept.set(`${sender} ${id}`, { value, content });
                if (!known) return 'accepted';
                return known.content === content ? 'duplicates' : 'rejected';
              });
              const events = own.map(({ id, value, time }) =>
                playerEvent(userId, { id: `${prefix}-${id}`, value, at: TIMES[time] as string }),
              );
              const outcome = await ingest(sender, events);
              const number = (what: string) => expected.filter((one) => one === what).length;
              assert.equal(outcome.accepted, number('accepted'));
              assert.equal(outcome.duplicates, number('duplicates'));
              assert.deepEqual(
                outcome.rejected.map(({ index }) => index),
                expected.flatMap((one, index) => (one === 'rejected' ? [index] : [])),
              );
            }
          }
          const sum = [...kept.values()].reduce((all, { value }) => all + value, 0);
          assert.equal(await count(userId), sum);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('counts once for each sender, and once more only where a record of no sender says something new', async () => {
    const sender = fc.constantFrom(undefined, 'server-a', 'server-b');
    const pick = fc.record({
      sender,
      id: fc.nat(1),
      value: fc.integer({ min: 1, max: 2 }),
      time: fc.nat(1),
    });
    const batch = fc.uniqueArray(pick, {
      minLength: 1,
      maxLength: 5,
      selector: (one) => `${one.id} ${one.sender}`,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        const userId = await newPlayer(t.store);
        const prefix = unique('act');
        const kept: (typeof batches)[number] = [];
        for (const batch of batches) {
          const expected = batch.map((one) => {
            const ofId = kept.filter(({ id }) => id === one.id);
            const isSame = (other: typeof one) =>
              other.value === one.value &&
              other.time === one.time &&
              (other.sender === one.sender || !other.sender || !one.sender);
            if (ofId.some(isSame)) return 'duplicates';
            if (ofId.some((other) => other.sender === one.sender)) return 'rejected';
            kept.push(one);
            return 'accepted';
          });
          const events = batch.map(({ id, value, time }) =>
            playerEvent(userId, { id: `${prefix}-${id}`, value, at: TIMES[time] as string }),
          );
          const outcome = await t.store.progress.ingest(events, NOW, (n) => batch[n]?.sender);
          const number = (what: string) => expected.filter((one) => one === what).length;
          assert.deepEqual(
            { ...outcome, rejected: outcome.rejected.map(({ index }) => index) },
            {
              accepted: number('accepted'),
              duplicates: number('duplicates'),
              rejected: expected.flatMap((one, n) => (one === 'rejected' ? [n] : [])),
            },
          );
        }
        assert.equal(
          await count(userId),
          kept.reduce((sum, { value }) => sum + value, 0),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('counts once over both roads, also for the second of two senders, in either order', async () => {
    for (const at of TIMES) {
      for (const roads of [
        ['server-b', undefined],
        [undefined, 'server-b'],
      ]) {
        const [one, other] = [await newPlayer(t.store), await newPlayer(t.store)];
        const id = unique('act');
        assert.deepEqual(await ingest('server-a', [playerEvent(one, { id, at })]), ACCEPTED);
        const outcomes = [];
        for (const road of roads)
          outcomes.push(await ingest(road, [playerEvent(other, { id, at })]));
        assert.deepEqual(outcomes, [ACCEPTED, DUPLICATE]);
        assert.equal(await count(other), 1);
      }
    }
  });

  it('is taken in one batch from many senders, of whom one is not known', async () => {
    for (const at of TIMES) {
      const userId = await newPlayer(t.store);
      const event = playerEvent(userId, { at });
      const senders = [...Array.from({ length: 8 }, (_, n) => `server-${n}`), undefined];
      const events = senders.map(() => event);
      for (const accepted of [8, 0]) {
        const outcome = await t.store.progress.ingest(events, NOW, (n) => senders[n]);
        assert.deepEqual(outcome, { accepted, duplicates: 9 - accepted, rejected: [] });
      }
      assert.equal(await count(userId), 8);
    }
  });

  it('stays known to the second of two senders when what the first one sent has expired', async () => {
    const userId = await newPlayer(t.store);
    const event = playerEvent(userId);
    await ingest('server-a', [event]);
    await ingest('server-b', [event]);
    await t.store.progress.playerEvents.model.deleteOne({ _id: event.id });
    // Of a process that has not seen two senders with one ID.
    const other = createProgressStore(t.connection, DEFAULT_RULES);
    assert.deepEqual(await other.ingest([event], NOW, () => 'server-b'), DUPLICATE);
  });
});

describe('a player event', () => {
  it('of a user who does not exist is refused at its place, and the others count', async () => {
    const userId = await newPlayer(t.store);
    const names = [unique('usr'), userId.toUpperCase(), `${userId}x`, '__proto__'];
    const batch = [
      playerEvent(userId),
      ...names.map((name) => playerEvent(name)),
      playerEvent(userId),
    ];
    const message = 'userId: There is no user with this ID';
    for (const accepted of [2, 0]) {
      assert.deepEqual(await ingest('server-a', batch), {
        accepted,
        duplicates: 2 - accepted,
        rejected: names.map((_, n) => ({ index: n + 1, message })),
      });
    }
    assert.equal(await count(userId), 2);
  });

  it('counts from the moment on at which the user exists', async () => {
    const before = playerEvent('usr_not_yet');
    assert.equal((await ingest('server-a', [before])).rejected.length, 1);
    const userId = await newPlayer(t.store);
    assert.deepEqual(await ingest('server-a', [{ ...before, userId }]), ACCEPTED);
  });

  it('up to five minutes ahead counts as of now, once however often it comes', async () => {
    const userId = await newPlayer(t.store);
    const event = playerEvent(userId, { at: ago(-5 * MINUTE_MS) });
    assert.deepEqual(await ingest('server-a', [event]), ACCEPTED);
    assert.equal(await count(userId), 1, 'at once');
    assert.deepEqual(await ingest('server-a', [event]), DUPLICATE);
    const later = new Date(NOW.getTime() + 3 * MINUTE_MS);
    assert.deepEqual(await ingest('server-a', [event], later), DUPLICATE);
    const other = { ...event, at: ago(-4 * MINUTE_MS) };
    assert.deepEqual(await ingest('server-a', [other]), OTHER_CONTENT);
    const tooFar = playerEvent(userId, { at: ago(-5 * MINUTE_MS - 1) });
    assert.deepEqual(await ingest('server-a', [tooFar]), refused('at: In the future'));
  });

  it('whose metric no condition can name is refused', async () => {
    const userId = await newPlayer(t.store);
    const message = 'metric: Not 1 to 128 printable characters without spaces and commas';
    assert.deepEqual(
      await ingest('server-a', [playerEvent(userId, { metric: 'a,b' })]),
      refused(message),
    );
  });

  it('counts under one name however its metric and key are encoded', async () => {
    const userId = await newPlayer(t.store);
    const [composed, decomposed] = ['\ud55c\uad6d-\u00e9', '\ud55c\uad6d-\u00e9'.normalize('NFD')];
    assert.notEqual(composed, decomposed);
    for (const name of [composed, decomposed]) {
      await ingest('server-a', [playerEvent(userId, { metric: name, key: name })]);
    }
    assert.equal(await count(userId, { metric: composed, key: composed }), 2);
  });
});

describe('a batch of new player events', () => {
  it('is one insert, and one look at the users who were not seen before', async () => {
    const players = [await newPlayer(t.store), await newPlayer(t.store)];
    const batch = () => players.map((userId) => playerEvent(userId));
    // A process that knows no user yet, in a database where no senders share an ID.
    await t.connection.collection('progress_state').deleteMany({});
    const fresh = createProgressStore(t.connection, DEFAULT_RULES);
    const opsOf = async (collection: string) => {
      const ops = await profiled(t.connection, collection, () => fresh.ingest(batch(), NOW));
      return ops.map(({ op }) => op);
    };
    assert.deepEqual(await opsOf('users'), ['query']);
    assert.deepEqual(await opsOf('users'), []);
    assert.deepEqual(await opsOf('activity_events'), ['insert']);
  });
});
