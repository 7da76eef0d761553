import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askFor, call, get, grantIn, post, remove, start } from './test-game.ts';

describe('a well-behaved game', () => {
  it('gives a grant once, however often and however concurrently it is asked', async () => {
    const game = await start();
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(game)));
    assert.ok(replies.every(({ status, state }) => status === 200 && state === 'GRANTED'));
    assert.equal(grantIn(game)?.applied, 1);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('refuses the same grant with another content', async () => {
    const game = await start();
    await post(game);
    const other = { ...askFor('a'), userId: 'usr_other' };
    const reply = await call(game, 'POST', '/grants', { body: other, key: other.grantId });
    assert.equal(reply.status, 422);
  });

  it('has never seen a grant nobody asked for', async () => {
    const game = await start();
    assert.equal((await get(game)).status, 404);
    assert.deepEqual(game.ledger(), []);
  });

  it('takes a grant back once, and never gives it again', async () => {
    const game = await start();
    await post(game);
    assert.equal((await remove(game)).status, 204);
    assert.equal((await remove(game)).status, 204);
    assert.equal((await get(game)).state, 'REVOKED');
    assert.equal((await post(game)).status, 410);
    const states = grantIn(game)?.history.map(({ state }) => state);
    assert.deepEqual(states, ['GRANTED', 'REVOKED']);
  });

  it('remembers the revoke of a grant it never saw against a POST that comes late', async () => {
    const game = await start();
    assert.equal((await remove(game)).status, 404);
    assert.equal((await post(game)).status, 410);
    assert.equal((await remove(game)).status, 204);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('can be one that does not remember such a revoke', async () => {
    const game = await start({ tombstones: false });
    assert.equal((await remove(game)).status, 404);
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('answers what it knows of a player', async () => {
    const game = await start();
    game.setMetrics('usr_a', { level: 30, 'login.streak': 7 });
    const where = '/players/usr_a/metrics?names=level,unknown';
    assert.deepEqual((await call(game, 'GET', where)) as unknown, {
      metrics: { level: 30 },
      status: 200,
      retryAfter: null,
    });
    assert.equal(game.requests()[0]?.path, where);
  });

  it('has its bad days with a player’s metrics too, where a rule says so', async () => {
    const game = await start();
    game.setMetrics('usr_a', { level: 30 });
    const ask = (userId: string) => call(game, 'GET', `/players/${userId}/metrics?names=level`);
    game.rules.add({ do: 'fail' });
    assert.equal(
      (await ask('usr_a')).status,
      200,
      'rules are for grants unless they say otherwise',
    );
    game.rules.add([
      { do: 'fail', on: ['metrics'], userId: 'usr_a', times: 1, status: 429, retryAfter: '7' },
      { do: 'dropAfterGrant', on: ['metrics'], userId: 'usr_a', times: 1 },
    ]);
    assert.equal((await ask('usr_b')).status, 200);
    const failed = await ask('usr_a');
    assert.deepEqual([failed.status, failed.retryAfter], [429, '7']);
    await assert.rejects(ask('usr_a'));
    assert.equal((await ask('usr_a')).status, 200);
    const seen = game.requests().map(({ verb, behaviour, answer }) => [verb, behaviour, answer]);
    assert.deepEqual(seen.slice(2), [
      ['metrics', 'fail', 429],
      ['metrics', 'dropAfterGrant', 'DROPPED'],
      ['metrics', 'normal', 200],
    ]);
  });
});

describe('a game that is careful at its door', () => {
  it('turns away what is not signed with its secret, and does nothing', async () => {
    const game = await start();
    const body = askFor('a');
    for (const headers of [
      { 'webhook-signature': '' },
      { 'webhook-signature': `v1,${'A'.repeat(43)}=` },
      { 'webhook-id': 'another' },
      { 'webhook-timestamp': '1614265330' },
    ]) {
      const reply = await call(game, 'POST', '/grants', { body, key: body.grantId, headers });
      assert.equal(reply.status, 401);
    }
    assert.deepEqual(game.ledger(), []);
    assert.ok(game.requests().every(({ signed, answer }) => !signed && answer === 401));
  });

  it('turns away a signature older than five minutes by its own clock', async () => {
    let aheadMs = 0;
    const game = await start({ now: () => Date.now() + aheadMs });
    aheadMs = 290_000;
    assert.equal((await get(game)).status, 404);
    aheadMs = 310_000;
    assert.equal((await get(game)).status, 401);
  });

  it('refuses what is not the contract: another key, another shape, another path', async () => {
    const game = await start();
    const body = askFor('a');
    const status = async (asked: unknown, key: string) =>
      (await call(game, 'POST', '/grants', { body: asked, key })).status;
    assert.equal(await status(body, 'another'), 400);
    assert.equal(await status({ ...body, extra: 1 }, body.grantId), 400);
    assert.equal(await status({ ...body, grantId: 'clm_b:cape' }, 'clm_b:cape'), 400);
    assert.equal((await call(game, 'PUT', '/grants/clm_a:cape')).status, 404);
    assert.equal((await call(game, 'GET', '/grants/%ff', { key: 'any' })).status, 400);
    assert.deepEqual(game.ledger(), []);
  });
});

describe('a game that takes its time', () => {
  it('answers 202 until the grant has ended, for GET and POST', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', times: 1 });
    const [first, again] = [await post(game), await post(game)];
    assert.deepEqual([first.status, first.state], [202, 'PENDING']);
    assert.deepEqual([again.status, again.state], [202, 'PENDING']);
    assert.equal((await get(game)).state, 'PENDING');
    game.settle('clm_a:cape', 'GRANTED');
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await post(game)).status, 200);
    assert.equal(grantIn(game)?.applied, 1);
  });

  it('comes to the end it was told, by itself', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', settleAfterMs: 10, outcome: 'REFUSED', userId: 'usr_a' });
    game.rules.add({ do: 'pending', settleAfterMs: 10 });
    await post(game, 'a');
    await post(game, 'b');
    await game.waitFor(() => game.ledger().every(({ state }) => state !== 'PENDING'));
    assert.equal((await get(game, 'b')).state, 'GRANTED');
    assert.equal((await get(game)).state, 'REFUSED');
    assert.equal((await post(game)).status, 403);
  });

  it('may never come to an end unless it is told to', async () => {
    const game = await start();
    game.rules.add({ do: 'pending' });
    await post(game);
    assert.equal(game.settle('clm_a:cape', 'GRANTED'), true);
    assert.equal(game.settle('clm_a:cape', 'REFUSED'), false);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('does not give what was revoked while it was pending', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', settleAfterMs: 500 });
    await post(game, 'a');
    assert.equal((await remove(game, 'a')).status, 204);
    await post(game, 'b');
    await game.waitFor(() => grantIn(game, 'b')?.state === 'GRANTED');
    assert.equal(grantIn(game)?.state, 'REVOKED');
    assert.equal(grantIn(game)?.applied, 0);
  });
});
