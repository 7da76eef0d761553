import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import { LimitReached, type SlotRequest } from '../domain/provider-limit.ts';
import { createCallLimiter } from './call-limiter.ts';
import { observeCallLimiter, observeProviderCalls } from './call-metrics.ts';
import { createGameData } from './game-data.ts';
import { answers, asked, type GameServer, secret, shortMs, startGame } from './test-game.ts';

let game: GameServer;
before(async () => {
  game = await startGame();
});
after(() => game.close());

/** The outcomes that were counted, such as `grant granted`, each with how often. */
async function counted(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  const counts = text.matchAll(
    /^laurel_provider_call_duration_seconds_count\{provider="game",call="(\w+)",outcome="(\w+)"\} (\d+)$/gm,
  );
  return [...counts].map(([, call, outcome, count]) => `${call} ${outcome} ${count}`).toSorted();
}

describe('a call to a provider is measured', () => {
  it('with what it was answered', async () => {
    const registry = new Registry();
    const provider = observeProviderCalls(registry).watch('game', game.provider());
    const settle = (call: Promise<unknown>) => call.catch(() => {});
    for (const [status, body] of [
      [200, { state: 'GRANTED' }],
      [202, { state: 'PENDING' }],
      [403, {}],
      [404, {}],
      [503, {}],
      [304, {}],
    ] as const) {
      game.handler = answers(status, body);
      await settle(provider.grant(asked));
      await settle(provider.lookup(asked.grantId));
      await settle(provider.revoke(asked.grantId));
    }
    assert.deepEqual(await counted(registry), [
      'grant granted 1',
      'grant pending 1',
      'grant refused 2',
      'grant unavailable 1',
      'grant unknown 1',
      'look_up granted 1',
      'look_up never_seen 1',
      'look_up unavailable 1',
      'look_up unknown 3',
      'revoke never_seen 1',
      'revoke revoked 1',
      'revoke unavailable 1',
      'revoke unknown 3',
    ]);
  });

  it('with the timeout where no answer came in time', async () => {
    const registry = new Registry();
    const calls = observeProviderCalls(registry);
    const { baseUrl } = game;
    const data = createGameData({ name: 'game', baseUrl, secret, timeoutMs: shortMs });
    game.handler = () => {};
    await assert.rejects(calls.watch('game', game.provider(baseUrl, shortMs)).grant(asked));
    await assert.rejects(
      calls.watchGameData('game', data).metrics({ userId: 'usr_1', externalId: null }, ['level']),
    );
    assert.deepEqual(await counted(registry), ['grant timeout 1', 'metrics timeout 1']);
  });

  it('where it asks for game data, and hands on what it throws', async () => {
    const registry = new Registry();
    const server = { name: 'game', baseUrl: game.baseUrl, secret, timeoutMs: 5_000 };
    const data = observeProviderCalls(registry).watchGameData('game', createGameData(server));
    game.handler = answers(200, { metrics: { level: 3 } });
    assert.deepEqual(
      [...(await data.metrics({ userId: 'usr_1', externalId: null }, ['level']))],
      [['level', 3]],
    );
    game.handler = answers(500, {});
    await assert.rejects(
      data.metrics({ userId: 'usr_1', externalId: null }, ['level']),
      ProviderError,
    );
    assert.deepEqual(await counted(registry), ['metrics ok 1', 'metrics unavailable 1']);
  });
});

describe('a call that waits for a slot', () => {
  it('is counted until it begins or gives up', async () => {
    const registry = new Registry();
    let isFree = false;
    const keeper = {
      take: async (_: SlotRequest) => (isFree ? 0 : null),
      giveBack: async () => {},
    };
    const limits = new Map([['game', { callsAtOnce: 1 }]]);
    const options = { timeoutMs: 1_000, patienceMs: 200 };
    const limiter = observeCallLimiter(registry, createCallLimiter(keeper, limits, options));
    const waiting = async () => {
      const gauge = await registry.getSingleMetric('laurel_provider_slots_waiting')?.get();
      return gauge?.values[0]?.value;
    };
    const late = limiter.run('game', async () => 'made');
    assert.equal(await waiting(), 1);
    await assert.rejects(late, LimitReached);
    assert.equal(await waiting(), 0);
    isFree = true;
    const duringTheCall = await limiter.run('game', waiting);
    assert.equal(duringTheCall, 0);
    assert.equal(await waiting(), 0);
    assert.equal(await limiter.run('other', async () => 'made'), 'made');
  });
});
