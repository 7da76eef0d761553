import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Fields } from '../test-app.ts';
import {
  at,
  CAPE,
  CONDITION,
  create,
  createClaimed,
  FESTIVAL,
  MESOS,
  operator,
  player,
  pointersOf,
  type ShownEvent,
  t,
  useEventApi,
} from './test-events.ts';

useEventApi();

describe('the condition of an event', () => {
  it('takes a condition, and shows it as it was written', async () => {
    const event = await create({ condition: CONDITION });
    assert.deepEqual(event.condition, CONDITION);
    assert.deepEqual((await operator('GET', at(event))).body.condition, CONDITION);
  });

  it('takes a provider’s metric, and a chain to another event', async () => {
    const first = await create();
    const chained = { metric: 'event.granted', key: first.eventId, atLeast: 1 };
    const asked = { metric: 'guild.rank', atMost: 10, source: 'game' };
    const { condition } = await create({ condition: { any: [chained, { not: asked }] } });
    assert.deepEqual(condition, { any: [chained, { not: asked }] });
  });

  it('refuses a condition that is none at the leaf that is wrong', async () => {
    const first = await create();
    const LEAF = { metric: 'level', atLeast: 30 };
    for (const [leaf, field] of [
      [{ ...LEAF, metric: '' }, '/metric'],
      [{ metric: 'level' }, ''],
      [{ ...LEAF, atMost: 40 }, ''],
      [{ ...LEAF, window: 'WEEK' }, '/window'],
      [{ metric: 'account.ageDays', atLeast: 7, window: 'PERIOD' }, '/window'],
      [{ ...LEAF, source: 'mailbox' }, '/source'],
      [{ ...LEAF, source: 'nowhere' }, '/source'],
      [{ metric: 'event.granted', atLeast: 1 }, '/key'],
      [{ metric: 'event.granted', atLeast: 1, key: 'evt_none' }, '/key'],
      [{ metric: 'event.granted', atMost: 0, key: first.eventId }, '/atMost'],
      [{ metric: 'time.between', equals: 1, key: 'noon' }, '/key'],
      [{ ...LEAF, 'at/least': 3 }, '/at~1least'],
    ] as const) {
      const condition = { all: [LEAF, { not: leaf }] };
      const answer = await operator('POST', '/api/events', { ...FESTIVAL, condition });
      const told = JSON.stringify(answer.body);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], told);
      const [error] = answer.body.errors as { pointer: string }[];
      assert.equal(error?.pointer, `/condition/all/1/not${field}`);
    }
  });

  it('refuses a limit on grants wherever it stands, and names what limits them', async () => {
    const { eventId } = await create();
    const limit = { metric: 'event.granted', key: eventId, atMost: 0 };
    const leaf = { metric: 'level', atLeast: 30 };
    const places: [condition: unknown, pointer: string][] = [
      [limit, '/condition/atMost'],
      [{ all: [leaf, limit] }, '/condition/all/1/atMost'],
      [{ any: [limit, leaf] }, '/condition/any/0/atMost'],
      [{ not: limit }, '/condition/not/atMost'],
    ];
    for (const [condition, pointer] of places) {
      for (const answer of [
        await operator('POST', '/api/events', { ...FESTIVAL, condition }),
        await operator('PATCH', at({ eventId }), { condition }),
      ]) {
        assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], pointer);
        const errors = answer.body.errors as { pointer: string; message: string }[];
        assert.deepEqual(pointersOf(answer), [pointer]);
        assert.match(errors[0]?.message ?? '', /claimsTotal.*exclusiveGroup/);
      }
    }
  });

  it('changes a condition by the same rules, and takes it away', async () => {
    const event = await create({ condition: CONDITION });
    const chain = { metric: 'event.granted', key: 'evt_none', atLeast: 1 };
    const wrong = await operator('PATCH', at(event), { condition: { all: [chain] } });
    assert.deepEqual(wrong.body.errors, [
      { pointer: '/condition/all/0/key', message: 'There is no event with this ID' },
    ]);
    const kept = await operator<ShownEvent>('PATCH', at(event), { title: 'Snow' });
    assert.deepEqual(kept.body.condition, CONDITION);
    const other = { metric: 'level', atLeast: 3 };
    const changed = await operator<ShownEvent>('PATCH', at(event), { condition: other });
    assert.deepEqual(changed.body.condition, other);
    const taken = await operator<ShownEvent>('PATCH', at(event), { condition: null });
    assert.deepEqual([taken.status, taken.body.condition], [200, null]);
  });

  it('freezes the condition with the first claim', async () => {
    const { eventId } = await create({ condition: CONDITION });
    assert.ok(await t.store.events.markClaimed(eventId, 1));
    const same = await operator('PATCH', at({ eventId }), { condition: CONDITION, title: 'Snow' });
    assert.equal(same.status, 200);
    const other = await operator('PATCH', at({ eventId }), { condition: null });
    assert.deepEqual([other.status, other.body.code], [409, 'conflict']);
    const [error] = other.body.errors as { pointer: string }[];
    assert.equal(error?.pointer, '/condition');
  });
});

describe('the times of an event', () => {
  const patch = async (event: ShownEvent, body: Fields) => await operator('PATCH', at(event), body);
  const refusal = ({ status, body, ...answer }: Answer<Fields>) => [
    status,
    body.code,
    ...pointersOf({ status, body, ...answer }),
  ];

  it('follow one another: claims are taken until the end, until another moment is set', async () => {
    const event = await create({ claimUntil: null });
    const ends = async (body: Fields) => {
      const { claimUntil, claimableUntil } = (await patch(event, body)).body;
      return [claimUntil, claimableUntil];
    };
    const [earlier, later] = ['2126-12-20T00:00:00.000Z', '2126-12-24T00:00:00.000Z'];
    assert.deepEqual(await ends({ endsAt: earlier }), [null, earlier]);
    assert.deepEqual(await ends({ claimUntil: later }), [later, later]);
    assert.deepEqual(await ends({ title: 'Ice festival' }), [later, later]);
    assert.deepEqual(await ends({ claimUntil: null }), [null, earlier]);
  });

  it('are refused in the wrong order, at the one that was sent', async () => {
    const event = await create();
    const refused: [Fields, string][] = [
      [{ claimUntil: '2126-12-30T00:00:00Z' }, '/claimUntil'],
      [{ endsAt: '2127-01-08T00:00:00Z' }, '/endsAt'],
      [{ startsAt: '2127-01-01T00:00:00Z' }, '/startsAt'],
      [{ listedFrom: FESTIVAL.claimUntil }, '/listedFrom'],
    ];
    for (const [body, pointer] of refused) {
      assert.deepEqual(refusal(await patch(event, body)), [400, 'invalid_request', pointer]);
    }
    for (const field of ['claimUntil', 'listedFrom']) {
      const wrong = { claimUntil: '2126-12-30T00:00:00Z', listedFrom: '2128-01-01T00:00:00Z' };
      const body = { ...FESTIVAL, [field]: wrong[field as keyof typeof wrong] };
      const answer = await operator('POST', '/api/events', body);
      assert.deepEqual(refusal(answer), [400, 'invalid_request', `/${field}`]);
    }
  });

  it('stay where they were for claims: the start does not move, the ends do', async () => {
    const event = await createClaimed();
    const moved = await patch(event, { startsAt: '2126-11-01T00:00:00Z' });
    assert.deepEqual(refusal(moved), [409, 'conflict', '/startsAt']);
    assert.equal((await patch(event, { startsAt: FESTIVAL.startsAt })).status, 200);
    assert.equal((await patch(event, { endsAt: '2126-12-24T00:00:00Z' })).status, 200);
  });

  it('are in a zone by whichever of its names, and answered as IANA spells it', async () => {
    const zone = (timeZone: string) => ({ period: { ...FESTIVAL.period, timeZone } });
    const event = await create(zone('asia/CALCUTTA'));
    assert.deepEqual(event.period, { ...FESTIVAL.period, timeZone: 'Asia/Calcutta' });
    assert.ok(await t.store.events.markClaimed(event.eventId, 1));
    for (const name of ['asia/calcutta', 'Asia/Kolkata']) {
      assert.equal((await patch(event, zone(name))).status, 200, name);
    }
    assert.deepEqual(refusal(await patch(event, zone('Asia/Seoul'))), [409, 'conflict', '/period']);
  });

  it('hide an active event from players until it is listed, and not from staff', async () => {
    const hidden = await create({ listedFrom: '2126-11-24T00:00:00Z' });
    const open = await create({ listedFrom: '2026-01-01T00:00:00Z' });
    const list = async (who: typeof player) =>
      (await who<{ items: ShownEvent[] }>('GET', '/api/events?limit=2')).body.items.map(
        ({ eventId }) => eventId,
      );
    assert.ok((await list(operator)).includes(hidden.eventId));
    assert.equal((await list(player))[0], open.eventId);
    assert.ok(!(await list(player)).includes(hidden.eventId));
    for (const path of ['', '/eligibility']) {
      assert.equal((await player('GET', at(hidden) + path)).body.code, 'not_found');
      assert.equal((await player('GET', at(open) + path)).status, 200);
    }
    const claim = `/api/event-claims/${hidden.eventId}/claim`;
    const answer = await player('POST', claim, {}, { 'idempotency-key': 'early' });
    assert.deepEqual(refusal(answer), [404, 'not_found']);
    assert.equal((await operator('GET', at(hidden))).status, 200);
  });
});

describe('changing an event', () => {
  it('answers the event as it is now, with its new ETag', async () => {
    const event = await create();
    const answer = await operator<ShownEvent>('PATCH', at(event), {
      title: 'Ice festival',
      period: { resetHour: 6 },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('etag'), '"2"');
    const { updatedAt, ...rest } = answer.body;
    const { updatedAt: _, ...before } = event;
    assert.deepEqual(rest, {
      ...before,
      title: 'Ice festival',
      period: { ...FESTIVAL.period, resetHour: 6 },
      version: 2,
    });
    assert.deepEqual((await operator('GET', at(event))).body, answer.body);
  });

  it('keeps the stock of a reward that is named without one', async () => {
    const event = await create();
    const { stock: _, ...cape } = { ...CAPE, name: 'Ice cape' };
    const answer = await operator<ShownEvent>('PATCH', at(event), { rewards: [cape, MESOS] });
    assert.deepEqual(answer.body.rewards, [{ ...CAPE, name: 'Ice cape' }, MESOS]);
  });

  it('lets one of two change the version both have read', async () => {
    const event = await create();
    const change = (title: string) =>
      operator('PATCH', at(event), { title }, { 'if-match': '"1"' });
    const answers = await Promise.all([change('One'), change('Two')]);
    const outcomes = answers.map(({ status, body }) => [status, body.code]);
    assert.deepEqual(outcomes.sort(), [
      [200, undefined],
      [412, 'version_mismatch'],
    ]);
  });

  it('goes by the very tag that was read', async () => {
    const event = await create();
    for (const tag of ['"01"', '"0x1"', 'W/"1"']) {
      const answer = await operator('PATCH', at(event), { title: 'Other' }, { 'if-match': tag });
      assert.deepEqual([answer.status, answer.body.code], [412, 'version_mismatch'], tag);
    }
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { title: 'Other' } : undefined;
      const answer = await operator(method, at(event), body, { 'if-match': '1' });
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'], method);
    }
  });

  it('refuses a move of the status that the contract does not draw', async () => {
    const event = await create({ status: 'DRAFT' });
    const answer = await operator('PATCH', at(event), { status: 'PAUSED' });
    assert.deepEqual([answer.status, answer.body.code], [409, 'invalid_transition']);
  });

  it('refuses what is frozen since the first claim, naming it', async () => {
    const event = await createClaimed();
    const changes: [pointer: string, patch: Fields][] = [
      ['/rewards', { rewards: [CAPE] }],
      ['/rewards', { rewards: [MESOS, { ...CAPE, quantity: 2 }] }],
      ['/rewards', { rewards: [MESOS, { ...CAPE, stock: null }] }],
      ['/rewardSelection', { rewardSelection: 'PLAYER_CHOICE' }],
      ['/period', { period: { kind: 'ONCE' } }],
      ['/claimsPerPeriod', { claimsPerPeriod: 2 }],
      ['/claimsTotal', { claimsTotal: 21 }],
      ['/claimsTotal', { claimsTotal: null }],
      ['/exclusiveGroup', { exclusiveGroup: 'summer' }],
      ['/exclusiveGroup', { exclusiveGroup: null }],
      ['/fulfillment/provider', { fulfillment: { provider: 'game' } }],
    ];
    for (const [pointer, patch] of changes) {
      const answer = await operator('PATCH', at(event), patch);
      assert.deepEqual([answer.status, answer.body.code], [409, 'conflict'], pointer);
      assert.deepEqual(pointersOf(answer), [pointer]);
    }
    const everything = await operator('PATCH', at(event), { ...FESTIVAL, title: 'Ice festival' });
    assert.equal(everything.status, 200, 'what is frozen may be sent as it is');
  });

  it('raises a stock after the first claim, and lowers it to what is held and granted', async () => {
    const event = await createClaimed();
    const { eventId } = event;
    const setStock = (stock: number) =>
      operator<ShownEvent>('PATCH', at(event), { rewards: [MESOS, { ...CAPE, stock }] });
    for (const holdId of ['clm_1:cape', 'clm_2:cape', 'clm_3:cape']) {
      await t.store.stock.reserve({ holdId, eventId, rewardId: 'cape', quantity: 1, buckets: 3 });
    }
    await t.store.stock.settle({ eventId, holdId: 'clm_1:cape', quantity: 1 });

    assert.equal((await setStock(1_000)).body.rewards[1]?.stock, 1_000);
    const tooLow = await setStock(2);
    assert.deepEqual([tooLow.status, tooLow.body.code], [409, 'conflict']);
    assert.match(String(tooLow.body.detail), /cannot be lower than 3/);
    assert.equal((await setStock(3)).status, 200);
    const stats = await operator('GET', `${at(event)}/stats`);
    assert.deepEqual(stats.body.rewards, [
      { rewardId: 'mesos', stock: null, available: null, held: 0, granted: 0 },
      { rewardId: 'cape', stock: 3, available: 0, held: 2, granted: 1 },
    ]);
  });
});
