/**
 * Streams and waits: how many there may be, how long they last, and that all places are given back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newClaim } from '../../store/test-store.ts';
import { until } from '../../test/helpers.ts';
import { createLongRequests } from '../http/long-requests.ts';
import { createTokens } from '../identity/tokens.ts';
import { type TestApp, testApp, testKey } from '../test-app.ts';

const BOUNDS = { most: 5, mostOfAddress: 4, mostOfUser: 2 };
const longRequests = createLongRequests(BOUNDS);

let t: TestApp;
before(async () => {
  const tokens = await createTokens({ keys: [await testKey()], ttlS: 2, now: () => new Date() });
  t = await testApp({ longRequests, tokens });
});
after(() => t.close());

/** A player with a claim that stays open, and requests about it. */
async function player() {
  const { userId } = await t.store.users.register(
    { username: `player-${++players}`, displayName: 'A player', passwordHash: '-' },
    new Date(),
  );
  const { claim } = await t.store.claims.accept(newClaim({ userId }));
  const token = async () => await t.deps.tokens.issue({ userId, epoch: 0 });
  return {
    userId,
    claimId: claim._id,
    token,
    async ask(method: string, what: '' | '/stream', more: Record<string, string> = {}) {
      const headers = { authorization: `Bearer ${await token()}`, ...more };
      return await t.app.request(`/api/event-claims/${claim._id}${what}`, { method, headers });
    },
  };
}
let players = 0;

const nobodyIsOpen = async () => await until(() => longRequests.open() === 0, 'all to have ended');

describe('streams', () => {
  it('past what one user may have take the place of their oldest, which ends', async () => {
    const { ask } = await player();
    const [first, second] = [await ask('GET', '/stream'), await ask('GET', '/stream')];
    const third = await ask('GET', '/stream');
    assert.deepEqual([first.status, second.status, third.status], [200, 200, 200]);
    assert.equal(longRequests.open(), 2);
    // The stream ends in order, with all that was written.
    assert.match(await first.text(), /"state":"PENDING_VALIDATION"/);
    assert.equal(longRequests.open(), 2);
    for (const open of [second, third]) await open.body?.cancel();
    await nobodyIsOpen();
  });

  it('are refused where waits have all that one user may have', async () => {
    const { ask } = await player();
    const waiting = ['', ''].map(() => ask('GET', '', { prefer: 'wait=1' }));
    await until(() => longRequests.open() === 2, 'both to wait');
    const refused = await ask('GET', '/stream');
    assert.equal(refused.status, 429);
    assert.equal(((await refused.json()) as { code: string }).code, 'rate_limited');
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    await Promise.all(waiting);
    await nobodyIsOpen();
  });

  it('end when their token does', async () => {
    const { ask } = await player();
    const stream = await ask('GET', '/stream');
    const text = await stream.text();
    assert.match(text, /"state":"PENDING_VALIDATION"/);
    await nobodyIsOpen();
  });

  it('are answered to HEAD with their headers, and leave nothing running', async () => {
    const { ask, claimId } = await player();
    const description = t.app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: '', version: '' },
    });
    const streams = Object.entries(description.paths ?? {})
      .filter(([, { get }]) => JSON.stringify(get?.responses ?? {}).includes('text/event-stream'))
      .map(([path]) => path);
    const all = ['/api/event-claims/{claimId}/stream', '/api/overview/stream'];
    assert.deepEqual(streams.sort(), all, 'all are asked below');
    const ended = Promise.withResolvers<void>();
    const { subscribe } = t.deps.changes;
    let listening = 0;
    t.deps.changes.subscribe = (...of) => {
      listening += 1;
      const end = subscribe(...of);
      return () => {
        listening -= 1;
        end();
        ended.resolve();
      };
    };
    const answer = await ask('HEAD', '/stream');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(await answer.text(), '');
    await nobodyIsOpen();
    assert.equal(listening, 0, claimId);
    t.deps.changes.subscribe = subscribe;

    const { accessToken: token } = await t.signIn('AUDITOR');
    const overview = await t.app.request('/api/overview/stream', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(overview.status, 200);
    assert.match(overview.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(await overview.text(), '');
    await nobodyIsOpen();
  });
});

describe('waits', () => {
  const wait = { prefer: 'wait=30' };

  it('are over at once past what one user may have, with the claim as it stands', async () => {
    const { ask, claimId } = await player();
    const waiting = [ask('GET', '', wait), ask('GET', '', wait)];
    await until(() => longRequests.open() === 2, 'both to wait');
    const answer = await ask('GET', '', wait);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('preference-applied'), null);
    assert.equal(((await answer.json()) as { claimId: string }).claimId, claimId);
    assert.equal(longRequests.open(), 2);
    await t.store.claims.model.updateOne(
      { _id: claimId },
      { state: 'GRANTED', $unset: { open: 1 } },
    );
    for (const answer of await Promise.all(waiting)) {
      assert.equal(answer.headers.get('preference-applied'), 'wait=30');
      assert.equal(((await answer.json()) as { state: string }).state, 'GRANTED');
    }
    await nobodyIsOpen();
  });

  it('hold no body', async () => {
    const { userId, token } = await player();
    const { claim } = await t.store.claims.accept(newClaim({ userId, idempotencyKey: 'again' }));
    const answer = t.call('POST', `/api/event-claims/${claim.eventId}/claim`, {
      token: await token(),
      body: {},
      headers: { ...wait, 'idempotency-key': '"again"' },
    });
    await until(() => longRequests.open() === 1, 'it to wait');
    assert.match(await t.deps.metrics.metrics(), /laurel_http_body_bytes\{kind="single"\} 0/);
    assert.equal((await answer).status, 202);
    await nobodyIsOpen();
  });

  it('are over at once past what one address may have, where a stream is refused', async () => {
    const four = [await player(), await player()].flatMap(({ ask }) => [
      ask('GET', '/stream'),
      ask('GET', '/stream'),
    ]);
    const streams = await Promise.all(four);
    const { ask } = await player();
    // All clients of this test have the same address.
    const refused = await ask('GET', '/stream');
    assert.equal(((await refused.json()) as { code: string }).code, 'rate_limited');
    assert.equal((await ask('GET', '', wait)).headers.get('preference-applied'), null);
    for (const { body } of streams) await body?.cancel();
    await nobodyIsOpen();
  });

  it('end when their token does', async () => {
    const { ask } = await player();
    const answer = await ask('GET', '', wait);
    assert.equal(((await answer.json()) as { state: string }).state, 'PENDING_VALIDATION');
    await nobodyIsOpen();
  });

  it('tell who was banned meanwhile no more than what stood when they asked', async () => {
    const { ask, claimId, userId } = await player();
    const waiting = ask('GET', '', wait);
    await until(() => longRequests.open() === 1, 'it to wait');
    const left = { status: 'BANNED', $inc: { tokenEpoch: 1 } };
    await t.store.users.model.updateOne({ _id: userId }, left);
    t.deps.currentUsers.forget(userId);
    await t.store.claims.model.updateOne(
      { _id: claimId },
      { state: 'GRANTED', $unset: { open: 1 } },
    );
    const answer = await waiting;
    assert.equal(((await answer.json()) as { state: string }).state, 'PENDING_VALIDATION');
    await nobodyIsOpen();
  });
});
