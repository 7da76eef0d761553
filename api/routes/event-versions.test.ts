import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLES } from '../../domain/user.ts';
import { profiled } from '../../store/test-store.ts';
import type { Fields } from '../test-app.ts';
import { as, at, create, operator, type ShownEvent, t, useEventApi } from './test-events.ts';

useEventApi();

interface Version extends Fields {
  version: number;
  action: string;
  changes: { pointer: string; before: unknown; after: unknown }[];
}
interface Page {
  items: Version[];
  nextCursor: string | null;
}

const versionsOf = async (event: Pick<ShownEvent, 'eventId'>, query = '') =>
  await as('AUDITOR')<Page>('GET', `${at(event)}/versions${query}`);

describe('the versions of an event', () => {
  it('say who changed what when, newest first', async () => {
    const event = await create({ status: 'DRAFT' });
    await operator('PATCH', at(event), { title: 'Another', period: { resetHour: 6 } });
    await as('ADMIN')('PATCH', at(event), { status: 'ACTIVE' });
    const key = { 'idempotency-key': event.eventId };
    await operator('POST', `${at(event)}/rewards/cape/stock`, { add: 5 }, key);
    const { status, body } = await versionsOf(event);
    assert.equal(status, 200);
    assert.equal(body.nextCursor, null);
    assert.deepEqual(
      body.items.map(({ version, actorRole, action, changes }) => [
        version,
        actorRole,
        action,
        changes,
      ]),
      [
        [
          4,
          'OPERATOR',
          'event.restock',
          [{ pointer: '/rewards/1/stock', before: 500, after: 505 }],
        ],
        [3, 'ADMIN', 'event.update', [{ pointer: '/status', before: 'DRAFT', after: 'ACTIVE' }]],
        [
          2,
          'OPERATOR',
          'event.update',
          [
            { pointer: '/title', before: 'Snow festival', after: 'Another' },
            { pointer: '/period/resetHour', before: 5, after: 6 },
          ],
        ],
        [1, 'OPERATOR', 'event.create', []],
      ],
    );
    assert.ok(String(body.items.at(-1)?.at) >= String(event.createdAt));
    assert.equal(body.items.at(-1)?.actorId, event.createdBy);
  });

  it('say of a copy what it was made of', async () => {
    const event = await create();
    const times = { startsAt: '2127-12-01T00:00:00Z', endsAt: '2127-12-31T00:00:00Z' };
    const { body: copy } = await operator<ShownEvent>('POST', `${at(event)}/clone`, times);
    const { body } = await versionsOf(copy);
    const told = body.items.map(({ version, clonedFrom, changes }) => [
      version,
      clonedFrom,
      changes,
    ]);
    assert.deepEqual(told, [[1, event.eventId, []]]);
  });

  it('are read page by page', async () => {
    const event = await create();
    for (const title of ['a', 'b', 'c']) await operator('PATCH', at(event), { title });
    const seen: number[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await versionsOf(event, `?limit=2${cursor}`);
      seen.push(...body.items.map(({ version }) => version));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(seen, [4, 3, 2, 1]);
  });

  it('are found by an index, and only theirs are read', async () => {
    const event = await create();
    const read = await profiled(t.connection, 'audit_log', async () => {
      assert.equal((await versionsOf(event)).body.items.length, 1);
    });
    assert.deepEqual(
      read.map(({ docsExamined, planSummary }) => [
        docsExamined,
        /targetId/.test(`${planSummary}`),
      ]),
      [[1, true]],
    );
  });

  it('are for staff, of an event that is there', async () => {
    const event = await create();
    for (const role of ROLES) {
      const { status } = await as(role)('GET', `${at(event)}/versions`);
      assert.equal(status, ['PLAYER', 'GAME_SERVER'].includes(role) ? 403 : 200, role);
    }
    assert.equal((await versionsOf({ eventId: 'evt_none' })).status, 404);
    assert.equal((await versionsOf(event, '?cursor=x')).status, 400);
  });
});
