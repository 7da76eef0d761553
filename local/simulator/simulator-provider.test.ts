/** Laurel's provider against the simulated game: both implement the same contract. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type FulfillmentProvider, ProviderError } from '../../domain/claims/fulfillment.ts';
import { createHttpProvider } from '../../providers/http.ts';
import { type Simulator, startSimulator } from './simulator.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** Long enough for any answer on one machine, however busy. */
const timeoutMs = 10_000;
/** The timeout of the caller that gives up on a stalled grant, and when that grant arrives. */
const shortMs = 300;
const stalledMs = 1_000;
const grantId = 'clm_1a:cape';
const asked = {
  grantId,
  claimId: 'clm_1a',
  userId: 'usr_1',
  eventId: 'evt_1',
  reward: { rewardId: 'cape', kind: 'ITEM', name: '서리 망토', quantity: 1 },
} as const;

describe('a provider and its game', () => {
  let game: Simulator;
  let provider: FulfillmentProvider;
  beforeEach(async () => {
    game = await startSimulator({ secret });
    provider = createHttpProvider({ name: 'game', baseUrl: game.url, secret, timeoutMs });
  });
  afterEach(async () => await game.close());

  const hasty = () =>
    createHttpProvider({ name: 'game', baseUrl: game.url, secret, timeoutMs: shortMs });
  const applied = () => game.ledger().map((grant) => grant.applied);
  const fails = (call: Promise<unknown>, kind: string, retryAfterMs?: number) =>
    assert.rejects(call, (error) => {
      assert.ok(error instanceof ProviderError);
      assert.deepEqual([error.kind, error.retryAfterMs], [kind, retryAfterMs]);
      return true;
    });

  it('agree on a grant, its lookup and its revoke', async () => {
    assert.deepEqual(await provider.lookup(grantId), { state: 'NEVER_SEEN' });
    assert.deepEqual(await provider.grant(asked), { state: 'GRANTED' });
    assert.deepEqual(await provider.grant(asked), { state: 'GRANTED' });
    assert.deepEqual(await provider.lookup(grantId), { state: 'GRANTED' });
    assert.deepEqual(await provider.revoke(grantId), { state: 'REVOKED' });
    assert.deepEqual(await provider.lookup(grantId), { state: 'REVOKED' });
    assert.ok(game.requests().every(({ signed }) => signed));
    assert.deepEqual(applied(), [1]);
  });

  it('do not agree where their secrets differ', async () => {
    const other = `whsec_${'A'.repeat(32)}`;
    const stranger = createHttpProvider({ name: 'x', baseUrl: game.url, secret: other, timeoutMs });
    const answer = await stranger.grant(asked);
    assert.equal(answer.state, 'REFUSED');
    await fails(stranger.lookup(grantId), 'UNKNOWN');
    assert.deepEqual(game.ledger(), []);
  });

  it('find out by a lookup what a lost answer said', async () => {
    game.rules.add({ do: 'dropAfterGrant', times: 1 });
    await fails(provider.grant(asked), 'UNKNOWN');
    assert.deepEqual(await provider.lookup(grantId), { state: 'GRANTED' });
    assert.deepEqual(applied(), [1]);
  });

  it('find out by a lookup that nothing was granted', async () => {
    game.rules.add({ do: 'dropBeforeGrant', times: 1 });
    await fails(provider.grant(asked), 'UNKNOWN');
    assert.deepEqual(await provider.lookup(grantId), { state: 'NEVER_SEEN' });
    assert.deepEqual(await provider.grant(asked), { state: 'GRANTED' });
  });

  it('try again after a bad moment, no sooner than the game asked', async () => {
    game.rules.add({ do: 'fail', status: 429, retryAfter: '3', times: 1 });
    await fails(provider.grant(asked), 'UNAVAILABLE', 3_000);
    assert.deepEqual(await provider.grant(asked), { state: 'GRANTED' });
  });

  it('settle for a no', async () => {
    game.rules.add({ do: 'refuse', status: 403 });
    const detail = 'The game refuses this reward for this player.';
    const refused = (status: number) => ({ state: 'REFUSED', detail: `HTTP ${status}: ${detail}` });
    assert.deepEqual(await provider.grant(asked), refused(403));
    assert.deepEqual(await provider.lookup(grantId), refused(200));
  });

  it('wait for a grant that is pending', async () => {
    game.rules.add({ do: 'pending' });
    assert.deepEqual(await provider.grant(asked), { state: 'PENDING' });
    assert.deepEqual(await provider.lookup(grantId), { state: 'PENDING' });
    game.settle(grantId, 'GRANTED');
    assert.deepEqual(await provider.lookup(grantId), { state: 'GRANTED' });
  });

  it('keep a stalled grant from arriving after its revoke', async () => {
    game.rules.add({ do: 'applyLate', applyAfterMs: stalledMs });
    await fails(hasty().grant(asked), 'UNKNOWN');
    assert.deepEqual(await provider.revoke(grantId), { state: 'NEVER_SEEN' });
    await game.waitFor(() => game.requests()[0]?.answer === 410);
    assert.deepEqual(await provider.revoke(grantId), { state: 'REVOKED' });
    assert.deepEqual(applied(), [0]);
  });

  it('find a stalled grant on asking once more, where the game keeps no revokes', async () => {
    game.configure({ tombstones: false });
    game.rules.add({ do: 'applyLate', applyAfterMs: stalledMs });
    await fails(hasty().grant(asked), 'UNKNOWN');
    assert.deepEqual(await provider.revoke(grantId), { state: 'NEVER_SEEN' });
    await game.waitFor(() => applied()[0] === 1);
    assert.deepEqual(await provider.revoke(grantId), { state: 'REVOKED' });
    assert.deepEqual(await provider.lookup(grantId), { state: 'REVOKED' });
  });

  it('leave a grant where it is that cannot be taken back', async () => {
    game.rules.add({ do: 'refuseRevoke' });
    await provider.grant(asked);
    const answer = await provider.revoke(grantId);
    assert.equal(answer.state, 'REFUSED');
    assert.deepEqual(await provider.lookup(grantId), { state: 'GRANTED' });
  });
});
