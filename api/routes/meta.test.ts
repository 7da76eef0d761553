import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NOTHING_MENDED } from '../../domain/claims/reconciliation.ts';
import { newClaim } from '../../store/test-store.ts';
import { type TestApp, testApp } from '../test-app.ts';

const up = async () => {};
const down = async () => {
  throw new Error('10.0.0.7 is away');
};
const hanging = () => new Promise<void>(() => {});

let t: TestApp;
let checks = { mongodb: up, temporal: up };
before(async () => {
  t = await testApp({
    checks: { mongodb: () => checks.mongodb(), temporal: () => checks.temporal() },
  });
});
after(() => t.close());

describe('readiness', () => {
  const cases = [
    { mongodb: up, temporal: up, status: 200, says: 'ok' },
    { mongodb: up, temporal: down, status: 200, says: 'degraded' },
    { mongodb: up, temporal: hanging, status: 200, says: 'degraded' },
    { mongodb: down, temporal: up, status: 503, says: 'unavailable' },
    { mongodb: hanging, temporal: down, status: 503, says: 'unavailable' },
  ];
  for (const { mongodb, temporal, status, says } of cases) {
    it(`is ${says} with mongodb ${mongodb.name} and temporal ${temporal.name}`, async () => {
      checks = { mongodb, temporal };
      const answer = await t.call('GET', '/readyz');
      const stateOf = (check: unknown) => (check === up ? 'ok' : 'down');
      assert.equal(answer.status, status);
      assert.deepEqual(answer.body, {
        status: says,
        checks: { mongodb: stateOf(mongodb), temporal: stateOf(temporal) },
      });
    });
  }
});

describe('around the API', () => {
  it('says that the process lives', async () => {
    assert.deepEqual((await t.call('GET', '/healthz')).body, { status: 'ok' });
  });

  it('shows measurements as Prometheus reads them', async () => {
    const response = await t.app.request('/metrics');
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await response.text(), /^http_server_request_duration_seconds_bucket\{/m);
  });

  it('measures what the books say, and leaves out what nobody knows', async () => {
    const shown = async () => await (await t.app.request('/metrics')).text();
    assert.match(await shown(), /^laurel_claims_open\{state="NEEDS_ATTENTION",reason=""\} 0$/m);
    assert.doesNotMatch(await shown(), /^laurel_claims_parked\{/m);
    assert.doesNotMatch(await shown(), /^laurel_reconciliation_last_pass_timestamp_seconds \d/m);
    assert.doesNotMatch(await shown(), /^laurel_stock_unbalanced \d/m);

    const claims = [
      await t.store.claims.accept(newClaim()),
      await t.store.claims.accept(newClaim()),
    ];
    const [first, second] = [new Date(1_780_000_000_000), new Date(1_785_000_000_000)];
    for (const [n, at] of [second, first].entries()) {
      const parking = { number: 1, reason: 'INTERNAL', at, decision: null };
      await t.store.claims.model.collection.updateOne(
        { _id: claims[n]?.claim._id as never },
        { $set: { state: 'NEEDS_ATTENTION', reason: 'INTERNAL', parking } },
      );
    }
    await t.store.claims.accept(newClaim());
    const endedAt = new Date(1_790_000_000_000);
    const nothing = { ...NOTHING_MENDED, failures: 0, unbalanced: ['evt_1/cape/0'] };
    await t.store.reconciliations.add({ ...nothing, runsStarted: 3, startedAt: endedAt, endedAt });
    for (const line of [
      /^laurel_claims_open\{state="PENDING_VALIDATION",reason=""\} 1$/m,
      /^laurel_claims_open\{state="NEEDS_ATTENTION",reason="INTERNAL"\} 2$/m,
      /^laurel_claims_parked\{provider="mailbox",reason="INTERNAL"\} 2$/m,
      /^laurel_claims_parked_oldest_timestamp_seconds\{provider="mailbox"\} 1780000000$/m,
      /^laurel_reconciliation_mended_total\{kind="runsStarted"\} 3$/m,
      /^laurel_reconciliation_last_pass_timestamp_seconds 1790000000$/m,
      /^laurel_stock_unbalanced 1$/m,
      /^laurel_change_stream_lag_seconds \d+(\.\d+)?$/m,
    ]) {
      assert.match(await shown(), line);
    }
  });

  it('shows the public keys', async () => {
    const { body } = await t.call('GET', '/.well-known/jwks.json');
    assert.deepEqual(body, t.deps.tokens.jwks);
  });
});
