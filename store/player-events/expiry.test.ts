/**
 * How long player events are kept, and what happens where somebody else has an index on the day.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import { SetupError } from '../../domain/errors.ts';
import { newPlayer, type Sent, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { createProgressStore, DEFAULT_RULES } from './progress.ts';

const NOW = new Date('2026-11-22T14:07:31.250Z');

/** A player event from that many days ago. */
const playerEvent = (userId: string, days: number): Sent => ({
  id: unique('act'),
  userId,
  metric: 'boss.killed',
  at: new Date(NOW.getTime() - days * DAY_MS).toISOString(),
});

describe('the days that player events are kept', () => {
  let own: StoreFixture;
  before(async () => {
    own = await storeFixture();
    own.setNow(NOW);
  });
  after(() => own.close());

  const withTtl = async (ttlDays: number) => {
    const progress = createProgressStore(own.connection, { ...DEFAULT_RULES, ttlDays }, () => NOW);
    await progress.open();
    return progress;
  };

  it('are a day or two more than the age at which they are refused, also where that was changed', async () => {
    for (const ttlDays of [90, 30]) {
      const { model } = (await withTtl(ttlDays)).playerEvents;
      const expiry = (await model.collection.indexes()).find(({ name }) => name === 'expiry');
      assert.equal(expiry?.expireAfterSeconds, (ttlDays + 2) * 86_400);
    }
  });

  it('may become more: what has expired until then is refused, and does not count again', async () => {
    const userId = await newPlayer(own.store);
    const [old, young] = [40, 20].map((days) => playerEvent(userId, days));
    await (await withTtl(90)).ingest([old, young], NOW);
    const { playerEvents } = await withTtl(30);
    // As MongoDB does within a minute.
    await playerEvents.model.deleteMany({ day: { $lt: new Date(NOW.getTime() - 32 * DAY_MS) } });
    const longer = await withTtl(90);
    assert.deepEqual(await longer.ingest([old, young], NOW), {
      accepted: 0,
      duplicates: 1,
      rejected: [{ index: 0, message: 'at: Of a day whose activities are no longer known' }],
    });
  });
});

describe('an index on the day that is not ours', () => {
  let own: StoreFixture;
  before(async () => {
    own = await storeFixture();
  });
  after(() => own.close());

  const instead = async (options: { name: string }) => {
    const { collection } = own.store.progress.playerEvents.model;
    await collection.dropIndex('expiry');
    await collection.createIndex({ day: 1 }, options);
  };

  it('is told of in a sentence, and makes no player event too old', async () => {
    await instead({ name: 'theirs' });
    const { progress } = own.store;
    await assert.rejects(progress.open(), (error: unknown) => {
      assert.ok(error instanceof SetupError, String(error));
      assert.match(error.message, /^The index activity_events\.expiry cannot be built: .* on day /);
      return true;
    });
    assert.equal(await progress.days.forgottenBefore(), 0);
    await progress.playerEvents.model.collection.dropIndex('theirs');
    await progress.open();
  });

  it('or lets nothing expire until then is made to, and nothing is too old', async () => {
    await instead({ name: 'expiry' });
    const { progress } = own.store;
    await progress.open();
    assert.equal(await progress.days.forgottenBefore(), 0);
    const indexes = await progress.playerEvents.model.collection.indexes();
    const expiry = indexes.find(({ name }) => name === 'expiry');
    assert.equal(expiry?.expireAfterSeconds, progress.keptS);
  });
});
