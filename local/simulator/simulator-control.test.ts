import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Simulator } from './simulator.ts';
import { get, post, remove, start } from './test-game.ts';

describe('a game steered from outside', () => {
  async function curl(game: Simulator, method: string, where: string, body?: unknown) {
    const answer = await fetch(`${game.url}${where}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  it('takes rules, gives them up, and shows ledger and calls', async () => {
    const game = await start();
    const rules = [{ do: 'fail', status: 500 }];
    assert.equal((await curl(game, 'POST', '/control/rules', rules)).status, 204);
    assert.equal((await post(game)).status, 500);
    assert.equal((await curl(game, 'DELETE', '/control/rules')).status, 204);
    assert.equal((await post(game)).status, 200);
    assert.deepEqual((await curl(game, 'GET', '/control/ledger')).body.grants, game.ledger());
    const { requests } = (await curl(game, 'GET', '/control/requests')).body;
    assert.deepEqual(
      requests.map(({ answer }: { answer: number }) => answer),
      [500, 200],
    );
  });

  it('takes settings, metrics and the end of a pending grant', async () => {
    const game = await start();
    const settings = { tombstones: false, callbackUrl: 'http://127.0.0.1:9/callback' };
    assert.equal((await curl(game, 'PATCH', '/control/settings', settings)).status, 204);
    await remove(game);
    game.rules.add({ do: 'pending', callback: false });
    assert.equal((await post(game)).status, 202);
    const settle = '/control/grants/clm_a%3Acape/settle';
    assert.equal((await curl(game, 'POST', settle, { outcome: 'GRANTED' })).status, 204);
    assert.equal((await curl(game, 'POST', settle, { outcome: 'GRANTED' })).status, 409);
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal(
      (await curl(game, 'PUT', '/control/players/usr_a/metrics', { level: 3 })).status,
      204,
    );
  });

  it('says what is wrong with an order, and lives', async () => {
    const game = await start();
    assert.equal((await curl(game, 'POST', '/control/rules', { do: 'dance' })).status, 400);
    assert.equal((await curl(game, 'PATCH', '/control/settings', { other: 1 })).status, 400);
    assert.equal((await curl(game, 'GET', '/control/other')).status, 404);
    const broken = await fetch(`${game.url}/control/rules`, { method: 'POST', body: '{' });
    assert.equal(broken.status, 400);
    const huge = await fetch(`${game.url}/control/rules`, {
      method: 'POST',
      body: 'x'.repeat(2 ** 21),
    });
    assert.equal(huge.status, 413);
    assert.deepEqual(await curl(game, 'GET', '/healthz'), { status: 200, body: { status: 'ok' } });
  });

  it('waits for what does not happen no longer than it is told', async () => {
    const game = await start();
    await assert.rejects(
      game.waitFor(() => false, 20),
      /waited in vain/,
    );
  });
});
