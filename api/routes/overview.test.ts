/** The overview, read and followed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventFields } from '../../domain/events/test-fields.ts';
import { type Claim, newRecord } from '../../store/claims/claim-record.ts';
import { OPERATOR } from '../../store/events/test-events.ts';
import { newClaim, unique } from '../../store/test-store.ts';
import type { Overview } from '../overview/overview-schema.ts';
import { type SignedIn, type TestApp, testApp } from '../test-app.ts';

const MINUTE_MS = 60_000;

let t: TestApp;
let support: SignedIn;
before(async () => {
  t = await testApp({ providerSecrets: new Map([['game', 'whsec_']]) });
  support = await t.signIn('SUPPORT');
});
after(() => t.close());

const ago = (ms: number) => new Date(Date.now() - ms);

/** The overview as it is once an older one has been forgotten. */
async function overview(): Promise<Overview> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  const { status, body } = await t.call<Overview>('GET', '/api/overview', {
    token: support.accessToken,
  });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

async function liveEvent(stock = 100) {
  const rewards = [
    { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock },
    { rewardId: 'mesos', kind: 'CURRENCY', name: 'Mesos', quantity: 10, stock: null },
  ] as const;
  const fields = eventFields({
    startsAt: ago(20 * MINUTE_MS),
    endsAt: ago(-60 * MINUTE_MS),
    claimUntil: null,
    listedFrom: null,
    rewards: [...rewards],
  });
  return (await t.store.events.create(OPERATOR, fields, 'ACTIVE')).event;
}

/** Records a claim as it would stand a second after its creation. */
async function record(eventId: string, given: Partial<Claim>, ageMs = MINUTE_MS): Promise<void> {
  const at = ago(ageMs);
  const { open: _, ...claim } = newRecord(newClaim({ eventId }), at, at);
  const isOpen = given.state === 'NEEDS_ATTENTION';
  const end = isOpen ? { open: true } : { endedAt: new Date(at.getTime() + 1_000) };
  const state = given.state === 'GRANTED' ? 'GRANTED' : 'PENDING';
  const lines = claim.lines.map((line) => ({ ...line, state }));
  const acceptedAt = at;
  const record = { ...claim, acceptedAt, lines, ...end, ...given, _id: unique('clm') };
  await t.store.claims.model.collection.insertOne(record as never);
}

const parked = (reason: Claim['reason'], provider = 'mailbox'): Partial<Claim> => ({
  state: 'NEEDS_ATTENTION',
  reason,
  snapshot: { ...newClaim().snapshot, provider },
});

describe('the overview', () => {
  it('says what became of the last hour, and how long the stock lasts', async () => {
    const { eventId } = await liveEvent();
    for (let n = 0; n < 61; n += 1) await record(eventId, { state: 'GRANTED' });
    await record(eventId, { state: 'REJECTED', reason: 'SOLD_OUT' });
    const { events, moreEvents, claims, at } = await overview();
    assert.deepEqual(claims.states, { GRANTED: 61, REJECTED: 1 });
    assert.deepEqual(claims.reasons, [{ state: 'REJECTED', reason: 'SOLD_OUT', count: 1 }]);
    assert.equal(moreEvents, false);
    const [cape, mesos] = events.find((event) => event.eventId === eventId)?.rewards ?? [];
    // 61 in ten minutes and ten seconds.
    const { emptyAt, ...levels } = cape ?? {};
    const lately = { grantedLately: 61, perMinute: 6 };
    const full = { stock: 100, available: 100, held: 0, granted: 0 };
    assert.deepEqual(levels, { rewardId: 'cape', name: 'Frost cape', ...full, ...lately });
    const leftMs = Date.parse(String(emptyAt)) - Date.parse(at);
    assert.ok(Math.abs(leftMs - (100 / 6) * MINUTE_MS) < 12_000, `${leftMs}`);
    assert.deepEqual(mesos, {
      ...{ rewardId: 'mesos', name: 'Mesos', stock: null, available: null, held: null },
      ...{ granted: null, grantedLately: 0, perMinute: 0, emptyAt: null },
    });
  });

  it('says what is parked, by cause and by provider', async () => {
    await t.store.claims.model.deleteMany();
    const { eventId } = await liveEvent();
    assert.equal((await overview()).parked.count, 0);
    for (const age of [2, 1]) {
      await record(eventId, parked('FULFILLMENT_UNKNOWN', 'game'), age * MINUTE_MS);
    }
    await record('evt_old', parked('COMPENSATION_FAILED'), 9_000 * MINUTE_MS);
    const { parked: found, providers, attention, claims } = await overview();
    assert.ok(attention.includes('CLAIMS_PARKED'));
    assert.equal(found.count, 3);
    const [most, least] = found.groups ?? [];
    const { oldestAt, ...group } = most ?? {};
    const expected = { reason: 'FULFILLMENT_UNKNOWN', eventId, provider: 'game', count: 2 };
    assert.deepEqual(group, expected);
    assert.deepEqual(found.oldestAt, least?.oldestAt);
    assert.deepEqual(providers, [
      { provider: 'game', parked: 2, oldestParkedAt: oldestAt, lastHour: { NEEDS_ATTENTION: 2 } },
      { provider: 'mailbox', parked: 1, oldestParkedAt: found.oldestAt, lastHour: {} },
    ]);
    assert.deepEqual(claims.states, { NEEDS_ATTENTION: 2 });
  });

  it('shows two hundred live events at most, and says that there are more', async () => {
    const { eventId } = await liveEvent();
    const all = t.connection.collection<{ _id: string }>('events');
    const made = await all.findOne({ _id: eventId });
    assert.ok(made);
    const copies = Array.from({ length: 200 }, (_, n) => ({ ...made, _id: `${eventId}-${n}` }));
    await all.insertMany(copies);
    const { events, moreEvents } = await overview();
    assert.deepEqual([events.length, moreEvents], [200, true]);
    await all.deleteMany({ _id: { $in: copies.map(({ _id }) => _id) } });
  });

  it('says whether reconciliation runs, and everything adds up', async () => {
    const mended = { runsStarted: 0, decisionsSent: 0, claimsStopped: 0, parkingsExpired: 0 };
    const run = async (agoMs: number, given: { failures?: number; unbalanced?: string[] }) => {
      const times = { startedAt: ago(agoMs + 10), endedAt: ago(agoMs) };
      const found = { failures: 0, unbalanced: [], ...given };
      await t.store.reconciliations.add({ ...mended, holdsFreed: 0, ...times, ...found });
    };
    const said = async () => {
      const { reconciliation, attention } = await overview();
      const { isLate, addsUp } = reconciliation;
      return [isLate, addsUp, attention.filter((what) => what !== 'CLAIMS_PARKED')];
    };
    assert.deepEqual(await said(), [true, true, ['RECONCILIATION_LATE']]);
    await run(4 * MINUTE_MS, {});
    assert.deepEqual(await said(), [true, true, ['RECONCILIATION_LATE']]);
    await run(MINUTE_MS, {});
    assert.deepEqual(await said(), [false, true, []]);
    await run(1_000, { failures: 2, unbalanced: ['evt_1/cape/0'] });
    const problems = ['STOCK_DOES_NOT_ADD_UP', 'RECONCILIATION_FAILED'];
    assert.deepEqual(await said(), [false, false, problems]);
    await run(0, {});
    assert.deepEqual(await said(), [false, true, []]);
    const { eventId } = await liveEvent();
    const bucket = t.connection.collection('stock_buckets');
    await bucket.updateOne({ eventId }, { $inc: { available: -1 } });
    assert.deepEqual(await said(), [false, false, ['STOCK_DOES_NOT_ADD_UP']]);
    await bucket.updateOne({ eventId }, { $inc: { available: 1 } });
  });
});

/** Opens the stream; `next` gives its next message, whole. */
async function follow(token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await t.app.request('/api/overview/stream', { headers });
  assert.equal(response.status, 200);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  const next = async (): Promise<string | null> => {
    for (let end = rest.indexOf('\n\n'); ; end = rest.indexOf('\n\n')) {
      if (end >= 0) {
        const message = rest.slice(0, end);
        rest = rest.slice(end + 2);
        return message;
      }
      const { value, done } = await reader.read();
      if (done) return null;
      rest += decoder.decode(value, { stream: true });
    }
  };
  return { response, next, leave: () => reader.cancel() };
}

const overviewIn = (message: string | null): Overview =>
  JSON.parse(String(message).replace(/^event: overview\ndata: /, ''));

describe('the stream of the overview', () => {
  it('sends it at once, a comment while it is the same, and it again once it differs', async () => {
    const { response, next, leave } = await follow(support.accessToken);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const first = overviewIn(await next());
    const { body } = await t.call<Overview>('GET', '/api/overview', {
      token: support.accessToken,
    });
    assert.deepEqual(Object.keys(first).sort(), Object.keys(body).sort());
    // Where ten seconds are over in between, the rates differ.
    const second = await next();
    assert.ok(second === ': unchanged' || overviewIn(second));
    await record('evt_1', parked('FULFILLMENT_REFUSED'));
    let message = await next();
    while (message === ': unchanged') message = await next();
    assert.equal(overviewIn(message).parked.count, first.parked.count + 1);
    await leave();
  });

  it('ends with the access token', async () => {
    const leaving = await t.signIn('OPERATOR');
    const { next } = await follow(leaving.accessToken);
    assert.ok(await next());
    const staff = { actor: { userId: support.id, role: 'ADMIN' as const }, requestId: 'test' };
    await t.store.users.change(staff, leaving.id, { status: 'BANNED' }, new Date());
    while ((await next()) !== null);
  });

  it('gives its place back when it ends, and takes no more than a user has', async () => {
    const before = t.deps.longRequests.open();
    const streams = await Promise.all([1, 2, 3].map(() => follow(support.accessToken)));
    assert.equal(t.deps.longRequests.open(), before + 3);
    for (const { leave } of streams) await leave();
    while (t.deps.longRequests.open() > before) await new Promise(setImmediate);
  });

  it('ends with the process', async () => {
    const { next } = await follow(support.accessToken);
    assert.ok(await next());
    t.deps.overview.end();
    while ((await next()) !== null);
  });
});
