import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fields } from '../test-app.ts';
import {
  at,
  CONDITION,
  create,
  createClaimed,
  FESTIVAL,
  operator,
  player,
  pointersOf,
  type ShownEvent,
  t,
  useEventApi,
} from './test-events.ts';

useEventApi();

const NEXT_YEAR = { startsAt: '2127-12-01T00:00:00.000Z', endsAt: '2127-12-31T15:00:00.000Z' };

const clone = (event: Pick<ShownEvent, 'eventId'>, body: Fields = NEXT_YEAR, key?: string) =>
  operator<ShownEvent>('POST', `${at(event)}/clone`, body, key ? { 'idempotency-key': key } : {});

/** What a clone has of its own, besides its times. */
function ownFields(event: ShownEvent): Fields {
  const { eventId: _e, createdBy: _b, createdAt: _c, updatedAt: _u, ...rest } = event;
  return rest;
}

describe('cloning an event', () => {
  it('makes a draft with new times and all the rest', async () => {
    const event = await create({ condition: CONDITION });
    const answer = await clone(event);
    assert.equal(answer.status, 201);
    assert.notEqual(answer.body.eventId, event.eventId);
    assert.deepEqual(ownFields(answer.body), {
      ...ownFields(event),
      ...NEXT_YEAR,
      claimUntil: null,
      claimableUntil: NEXT_YEAR.endsAt,
      status: 'DRAFT',
      version: 1,
    });
    assert.equal(answer.headers.get('etag'), '"1"');
    assert.equal(answer.headers.get('location'), at(answer.body));
    assert.deepEqual((await operator('GET', at(answer.body))).body, answer.body);
  });

  it('takes a title and a claim window, and has a stock of its own', async () => {
    const event = await createClaimed();
    const own = { title: 'Snow festival II', claimUntil: '2128-01-07T15:00:00.000Z' };
    const { body } = await clone(event, { ...NEXT_YEAR, ...own });
    assert.deepEqual([body.title, body.claimUntil], [own.title, own.claimUntil]);
    const { body: stats } = await operator('GET', `${at(body)}/stats`);
    const cape = (stats.rewards as Fields[]).find(({ rewardId }) => rewardId === 'cape');
    assert.deepEqual([cape?.stock, cape?.available], [500, 500]);
    // The copy is not claimed: nothing of it is frozen.
    assert.equal((await operator('PATCH', at(body), { claimsPerPeriod: 2 })).status, 200);
  });

  it('is in the audit log, with the event that it was made of', async () => {
    const event = await create();
    const { body } = await clone(event);
    const [entry] = await t.store.auditLog.page({ targetId: body.eventId }, undefined, 5);
    assert.ok(entry);
    assert.equal(entry.action, 'event.create');
    assert.equal((entry.after as Fields).clonedFrom, event.eventId);
  });

  it('refuses times that do not fit together, at the field that was sent', async () => {
    const event = await create({ listedFrom: '2126-11-01T00:00:00Z' });
    const { startsAt, endsAt } = NEXT_YEAR;
    for (const [body, pointers] of [
      [{ startsAt: endsAt, endsAt: startsAt }, ['/endsAt']],
      [{ startsAt, endsAt, claimUntil: startsAt }, ['/claimUntil']],
      [
        { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-02T00:00:00Z', claimUntil: null },
        ['/claimUntil'],
      ],
    ] as const) {
      const answer = await clone(event, body);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request']);
      assert.deepEqual(pointersOf(answer), pointers);
    }
  });

  it('is 404 for an event that is not there, and for operators and admins only', async () => {
    assert.equal((await clone({ eventId: 'evt_none' })).status, 404);
    const event = await create();
    assert.equal((await player('POST', `${at(event)}/clone`, NEXT_YEAR)).status, 403);
  });

  it('answers the same draft again for the same key, and refuses the key for another', async () => {
    const event = await create();
    const first = await clone(event, NEXT_YEAR, 'clone-1');
    const again = await clone(event, { ...NEXT_YEAR, claimUntil: null }, 'clone-1');
    assert.deepEqual([again.status, again.body], [201, first.body]);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    const others = [
      await clone(event, { ...NEXT_YEAR, title: 'Another' }, 'clone-1'),
      await clone(await create(), NEXT_YEAR, 'clone-1'),
      await operator('POST', '/api/events', FESTIVAL, { 'idempotency-key': 'clone-1' }),
    ];
    for (const { status, body } of others) {
      assert.deepEqual([status, body.code], [422, 'idempotency_key_reused']);
    }
  });
});
