import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DomainError } from '../domain/errors.ts';
import { CAPE, event } from '../test/helpers.ts';
import { uniqueName } from '../test/servers.ts';
import { type TestApp, testApp } from './test-app.ts';

let t: TestApp;
before(async () => {
  t = await testApp();
});
after(() => t.close());

/** The value of one series, as it stands in `/metrics`. */
async function sampleOf(series: string): Promise<number> {
  const line = (await t.deps.metrics.metrics()).split('\n').find((l) => l.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

const OUTCOMES = ['accepted', 'replayed', 'refused', 'failed'];

const outcomes = async () =>
  await Promise.all(
    OUTCOMES.map((of) => sampleOf(`laurel_claim_acceptance_seconds_count{outcome="${of}"}`)),
  );

const claim = (eventId: string, token?: string, headers: Record<string, string> = {}) =>
  t.call('POST', `/api/event-claims/${eventId}/claim`, {
    ...(token !== undefined && { token }),
    headers: { 'idempotency-key': uniqueName('key'), ...headers },
  });

describe('the acceptance of a claim is measured', () => {
  it('by what came of the request', async (test) => {
    assert.deepEqual(await outcomes(), [0, 0, 0, 0]);
    const { eventId } = await event(t);
    const { accessToken } = await t.signIn();
    const headers = { 'idempotency-key': uniqueName('key') };
    assert.equal((await claim(eventId, accessToken, headers)).status, 202);
    assert.deepEqual(await outcomes(), [1, 0, 0, 0]);
    assert.equal((await claim(eventId, accessToken, headers)).status, 202);
    assert.deepEqual(await outcomes(), [1, 1, 0, 0]);
    for (const refused of [
      await claim(eventId, accessToken),
      await claim(eventId),
      await claim('evt_none', accessToken),
    ]) {
      assert.ok([401, 404, 409].includes(refused.status), String(refused.status));
    }
    assert.deepEqual(await outcomes(), [1, 1, 3, 0]);
    test.mock.method(t.store.events, 'get', async () => {
      throw new DomainError('unavailable', 'The database is away.');
    });
    const { accessToken: other } = await t.signIn();
    assert.equal((await claim(eventId, other)).status, 503);
    assert.deepEqual(await outcomes(), [1, 1, 3, 1]);
  });

  it('without the wait that the client prefers', async () => {
    const { eventId } = await event(t);
    const { accessToken } = await t.signIn();
    const sum = () => sampleOf('laurel_claim_acceptance_seconds_sum{outcome="accepted"}');
    const before = await sum();
    const startedAtMs = performance.now();
    await claim(eventId, accessToken, { prefer: 'wait=1' });
    const tookS = (performance.now() - startedAtMs) / 1_000;
    assert.ok(tookS - ((await sum()) - before) >= 0.95);
  });
});

describe('a claim that gets no units', () => {
  it('ends in the API, and is measured there', async () => {
    const { eventId } = await event(t, { rewards: [{ ...CAPE, stock: 1 }] });
    for (const expected of ['PENDING_VALIDATION', 'REJECTED']) {
      const { accessToken } = await t.signIn();
      assert.equal((await claim(eventId, accessToken)).body.state, expected);
    }
    const labels = '{provider="mailbox",state="REJECTED",reason="SOLD_OUT"}';
    assert.equal(await sampleOf(`laurel_claim_duration_seconds_count${labels}`), 1);
  });
});

describe('a request is measured', () => {
  it('as _OTHER where its method is made up', async () => {
    for (const method of ['PURGE', 'X1', 'X2']) await t.call(method, '/healthz');
    const text = await t.deps.metrics.metrics();
    const methods = text.matchAll(/http_request_method="(\w+)",http_route="[^"]*"/g);
    const seen = new Set([...methods].map(([, method]) => method));
    assert.deepEqual(
      [...seen].filter((method) => !['GET', 'POST'].includes(String(method))),
      ['_OTHER'],
    );
  });
});
