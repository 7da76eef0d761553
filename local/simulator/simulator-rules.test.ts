import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuleInput } from './simulator-rules.ts';
import { askFor, call, get, grantIn, post, remove, start } from './test-game.ts';

describe('a game that was told to misbehave', () => {
  it('refuses a grant for good and stays by it', async () => {
    const game = await start();
    game.rules.add({ do: 'refuse', status: 422, times: 1 });
    assert.equal((await post(game)).status, 422);
    assert.equal((await post(game)).status, 422);
    assert.equal((await get(game)).state, 'REFUSED');
    assert.equal((await remove(game)).status, 204);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('fails so many times, with the Retry-After it was told, having done nothing', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 503, retryAfter: '2', times: 2 });
    for (const _ of [1, 2]) {
      const { status, retryAfter } = await post(game);
      assert.deepEqual({ status, retryAfter }, { status: 503, retryAfter: '2' });
      assert.equal((await get(game)).status, 404);
    }
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('fails on every call until its rules are taken away', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 500, on: ['grant', 'lookup', 'revoke'] });
    const all = async () => [
      (await post(game)).status,
      (await get(game)).status,
      (await remove(game)).status,
    ];
    assert.deepEqual(await all(), [500, 500, 500]);
    assert.deepEqual(await all(), [500, 500, 500]);
    game.rules.clear();
    assert.deepEqual(await all(), [200, 200, 204]);
  });

  it('grants and cuts the line instead of answering', async () => {
    const game = await start();
    game.rules.add({ do: 'dropAfterGrant', times: 1 });
    await assert.rejects(post(game));
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await post(game)).state, 'GRANTED');
    assert.equal(grantIn(game)?.applied, 1);
  });

  it('cuts the line before it grants', async () => {
    const game = await start();
    game.rules.add({ do: 'dropBeforeGrant', times: 1 });
    await assert.rejects(post(game));
    assert.equal((await get(game)).status, 404);
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('grants at once and answers late', async () => {
    const game = await start();
    const delayMs = 300;
    game.rules.add({ do: 'delay', delayMs, times: 1 });
    const before = performance.now();
    const late = post(game);
    await game.waitFor(() => grantIn(game)?.state === 'GRANTED');
    assert.equal(game.requests()[0]?.answer, null);
    assert.equal((await late).state, 'GRANTED');
    assert.ok(performance.now() - before > delayMs - 10);
  });

  it('lets a grant arrive only after the caller gave up', async () => {
    const game = await start();
    game.rules.add({ do: 'applyLate', applyAfterMs: 1_000, times: 1 });
    await assert.rejects(post(game, 'a', AbortSignal.timeout(200)));
    assert.equal(game.requests()[0]?.behaviour, 'applyLate');
    assert.equal((await get(game)).status, 404);
    await game.waitFor(() => grantIn(game)?.state === 'GRANTED');
  });

  it('does not let it arrive where the grant was revoked meanwhile', async () => {
    const game = await start();
    game.rules.add({ do: 'applyLate', applyAfterMs: 500, times: 1 });
    const stalled = post(game);
    await game.waitFor(() => game.requests().length === 1);
    assert.equal((await remove(game)).status, 404);
    assert.equal((await stalled).status, 410);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('cannot take a grant back', async () => {
    const game = await start();
    game.rules.add({ do: 'refuseRevoke' });
    await post(game);
    assert.equal((await remove(game)).status, 409);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('does so only for the player, event, line or grant it was told', async () => {
    const game = await start();
    game.rules.add([
      { do: 'fail', status: 500, userId: 'usr_a', on: ['grant', 'lookup'] },
      { do: 'fail', status: 501, grantId: 'clm_b:cape' },
      { do: 'fail', status: 502, eventId: 'evt_2' },
      { do: 'fail', status: 504, lineId: 'hat' },
    ]);
    const status = async (body: ReturnType<typeof askFor>) =>
      (await call(game, 'POST', '/grants', { body, key: body.grantId })).status;
    assert.equal(await status(askFor('a')), 500);
    assert.equal((await get(game, 'a')).status, 500);
    assert.equal(await status(askFor('b')), 501);
    assert.equal(await status({ ...askFor('c'), eventId: 'evt_2' }), 502);
    assert.equal(await status(askFor('d', 'hat')), 504);
    assert.equal(await status(askFor('e')), 200);
  });

  it('follows the first rule that fits and is not spent', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 500, times: 1 });
    game.rules.add([{ do: 'fail', status: 501, times: 1 }, { do: 'refuse' }]);
    const statuses = [];
    for (const _ of [1, 2, 3]) statuses.push((await post(game)).status);
    assert.deepEqual(statuses, [500, 501, 403]);
  });

  it('does not take a rule that makes no sense', async () => {
    const game = await start();
    assert.throws(() => game.rules.add({ do: 'refuse', status: 429 }), /use fail/);
    assert.throws(() => game.rules.add({ do: 'refuse', status: 500 }));
    assert.throws(() => game.rules.add({ do: 'mix', seed: 1, fail: 1.5 }));
  });
});

describe('a game on a bad day', () => {
  const mix: Extract<RuleInput, { do: 'mix' }> = {
    do: 'mix',
    seed: 7,
    refuse: 0.1,
    fail: 0.2,
    dropBeforeGrant: 0.1,
    dropAfterGrant: 0.1,
    pending: 0.1,
    settleAfterMs: null,
    delayMs: [0, 5],
  };
  const claims = Array.from({ length: 60 }, (_, index) => `p${index}`);

  /** Posts each claim's grant three times, in the given order. Returns the result of each attempt by grant. */
  async function play(order: string[], seed: number): Promise<Record<string, string[]>> {
    const game = await start();
    game.rules.add({ ...mix, seed });
    await Promise.all(
      order.map(async (claim) => {
        for (const _ of [1, 2, 3]) await post(game, claim).catch(() => undefined);
      }),
    );
    assert.ok(game.ledger().every(({ applied }) => applied <= 1));
    const byGrant = Object.groupBy(game.requests(), ({ grantId }) => grantId ?? '');
    return Object.fromEntries(
      Object.entries(byGrant).map(([grantId, calls = []]) => [
        grantId,
        calls.map(({ behaviour, answer }) => `${behaviour} ${answer}`),
      ]),
    );
  }

  it('is the same bad day for the same seed, in whatever order the calls come', async () => {
    const once = await play(claims, 7);
    const again = await play([...claims].reverse(), 7);
    assert.deepEqual(again, once);
    assert.notDeepEqual(await play(claims, 8), once);
    assert.ok(Object.values(once).some((moods) => moods[0] !== moods[1]));
  });

  it('has all its moods, about as often as it was told', async () => {
    const attempts = Object.values(await play(claims, 7)).flat();
    const share = (mood: string) =>
      attempts.filter((attempt) => attempt.startsWith(`${mood} `)).length / attempts.length;
    assert.ok(Math.abs(share('fail') - 0.2) < 0.08, `fail ${share('fail')}`);
    for (const mood of ['refuse', 'dropBeforeGrant', 'dropAfterGrant', 'pending']) {
      assert.ok(Math.abs(share(mood) - 0.1) < 0.08, `${mood} ${share(mood)}`);
    }
  });

  it('never goes back on what it granted', async () => {
    const game = await start();
    await post(game);
    game.rules.add({ do: 'mix', seed: 1, refuse: 1 });
    assert.equal((await post(game)).status, 200);
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await remove(game)).status, 204);
  });
});
