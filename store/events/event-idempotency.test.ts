import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventFields } from '../../domain/events/test-fields.ts';
import { type EventsFixture, eventsFixture, OPERATOR } from './test-events.ts';

let t: EventsFixture;
before(async () => {
  t = await eventsFixture();
});
after(() => t.close());

describe('creating an event with an idempotency key', () => {
  const create = (key: string, title = 'Once', userId = 'usr_operator') => {
    const staff = { ...OPERATOR, actor: { ...OPERATOR.actor, userId } };
    return t.events.create(staff, eventFields({ title }), 'DRAFT', key);
  };

  it('answers the same event for the same request, as the event is now', async () => {
    const first = await create('same');
    await t.events.change(OPERATOR, first.event.eventId, { title: 'Renamed' });
    const second = await create('same');
    assert.equal(second.replayed, true);
    assert.equal(second.event.eventId, first.event.eventId);
    assert.equal(second.event.title, 'Renamed');
  });

  it('refuses another request with the key', async () => {
    await create('reused');
    await assert.rejects(create('reused', 'Another'), { code: 'idempotency_key_reused' });
  });

  it('keeps the keys of two operators apart', async () => {
    const [mine, theirs] = [await create('shared'), await create('shared', 'x', 'usr_other')];
    assert.equal(theirs.replayed, false);
    assert.notEqual(mine.event.eventId, theirs.event.eventId);
  });

  it('creates one event however many ask at once', async () => {
    const title = 'Twins';
    const all = await Promise.all(Array.from({ length: 20 }, () => create('twins', title)));
    assert.equal(new Set(all.map(({ event }) => event.eventId)).size, 1);
    assert.equal(all.filter(({ replayed }) => !replayed).length, 1);
    assert.equal(await t.events.model.countDocuments({ title }), 1);
  });

  it('says so where the event has been deleted since', async () => {
    const { event } = await create('deleted');
    await t.events.remove(OPERATOR, event.eventId);
    await assert.rejects(create('deleted'), { code: 'conflict' });
  });

  it('forgets the key after 24 hours, though MongoDB has not removed it yet', async () => {
    const own = await eventsFixture();
    try {
      const createAt = async (moment: string, title: string) => {
        own.setNow(moment);
        return await own.events.create(OPERATOR, eventFields({ title }), 'DRAFT', 'old');
      };
      const first = await createAt('2126-11-22T10:00:00.000Z', 'One');
      const stillKept = await createAt('2126-11-23T09:59:59.999Z', 'One');
      assert.equal(stillKept.event.eventId, first.event.eventId);
      const later = await createAt('2126-11-23T10:00:00.000Z', 'Another');
      assert.equal(later.replayed, false);
      assert.equal((await createAt('2126-11-24T09:00:00.000Z', 'Another')).replayed, true);
    } finally {
      await own.close();
    }
  });
});
