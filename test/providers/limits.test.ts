/** A provider's limit, its rate and how many calls it takes at once, whoever works for it. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { FulfillmentProvider } from '../../domain/claims/fulfillment.ts';
import { LimitReached, type ProviderLimit, type SlotRequest } from '../../domain/provider-limit.ts';
import { createCallLimiter } from '../../providers/call-limiter.ts';
import { createProviderLimitStore, type ProviderLimitStore } from '../../store/provider-limits.ts';
import { providerQueue } from '../../workflows/contract.ts';
import { activitiesOf, database, ended, event, gameEvent, until } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';

/** Two processes' limiters at one provider. */
async function twoAt(t: TestContext, limit: ProviderLimit, patienceMs = 60_000) {
  const connection = await database(t);
  const limits = new Map([['game', limit]]);
  const options = { timeoutMs: 2_000, patienceMs };
  const keepers = [createProviderLimitStore(connection), createProviderLimitStore(connection)];
  return keepers.map((keeper) => createCallLimiter(keeper, limits, options));
}

/** Counts who is in at once. */
function counting() {
  const seen = { now: 0, most: 0, calls: 0 };
  return {
    seen,
    async call<T>(work: () => Promise<T>): Promise<T> {
      seen.now += 1;
      seen.calls += 1;
      seen.most = Math.max(seen.most, seen.now);
      try {
        return await work();
      } finally {
        seen.now -= 1;
      }
    },
  };
}

describe('a callLimiter', { concurrency: true }, () => {
  it('lets so many calls be under way, over all processes', async (t) => {
    const limiters = await twoAt(t, { callsAtOnce: 3 });
    const { seen, call } = counting();
    const calls = Array.from({ length: 30 }, (_, n) =>
      limiters[n % 2]?.run('game', () => call(() => sleep(5))),
    );
    await Promise.all(calls);
    assert.equal(seen.calls, 30);
    assert.ok(seen.most <= 3, `${seen.most} at once`);
  });

  it('books the starts of calls so far apart as the rate says, over all processes', async (t) => {
    const connection = await database(t);
    const keepers = [createProviderLimitStore(connection), createProviderLimitStore(connection)];
    const limit = { callsPerS: 0.3 };
    const starts: number[] = [];
    for (let n = 0; n < 12; n++) {
      const keeper = keepers[n % 2] as ProviderLimitStore;
      const request = { provider: 'game', slotId: `${n}`, limit, leaseMs: 60_000, aheadMs: 60_000 };
      assert.notEqual(await keeper.take(request), null);
      starts.push((await keeper.collection.findOne({ _id: 'game' }))?.startAtMs ?? 0);
    }
    for (const [n, start] of starts.slice(1).entries()) {
      const apartMs = start - (starts[n] ?? 0);
      assert.ok(apartMs >= 3_333, `${apartMs} ms between two calls`);
    }
    const tooFar = { provider: 'game', slotId: 'late', limit, leaseMs: 60_000, aheadMs: 0 };
    assert.equal(await keepers[0]?.take(tooFar), null);
  });

  it('lets a call begin when its booked start has come', async () => {
    const keeper = { take: async () => 50, giveBack: async () => {} };
    const callLimiter = createCallLimiter(keeper, new Map([['game', {}]]), { timeoutMs: 1 });
    const askedAtMs = performance.now();
    const beganAtMs = await callLimiter.run('game', async () => performance.now());
    assert.ok(beganAtMs - askedAtMs >= 49, `after ${beganAtMs - askedAtMs} ms`);
  });

  it('makes no call now whose start would have to be booked', async () => {
    // As the store does, for a provider whose next call may begin in 100 ms.
    const keeper = {
      take: async ({ aheadMs }: SlotRequest) => (aheadMs < 100 ? null : 100),
      giveBack: async () => {},
    };
    const callLimiter = createCallLimiter(keeper, new Map([['game', {}]]), { timeoutMs: 1 });
    assert.equal(await callLimiter.runNow('game', async () => 'made'), null);
    assert.equal(await callLimiter.run('game', async () => 'made'), 'made');
  });

  it('gives a slot back where the call failed, and where its process died', async (t) => {
    const connection = await database(t);
    const keeper = createProviderLimitStore(connection);
    const limit = { callsAtOnce: 1 };
    const of = (slotId: string) => ({ provider: 'game', slotId, limit, leaseMs: 300, aheadMs: 0 });
    const [callLimiter] = await twoAt(t, limit);
    const broken = () => Promise.reject(new Error('broken'));
    await assert.rejects(async () => await callLimiter?.run('game', broken), /broken/);
    await callLimiter?.run('game', async () => {});

    assert.equal(await keeper.take(of('dead')), 0);
    assert.equal(await keeper.take(of('next')), null);
    await until(async () => (await keeper.take(of('next'))) === 0, 'the lease of the dead to end');
  });

  it('turns a call away that got no slot in time, without having made it', async (t) => {
    const [one, other] = await twoAt(t, { callsAtOnce: 1 }, 200);
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const long = one?.run('game', async () => {
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    let made = false;
    const call = async () => {
      made = true;
    };
    await assert.rejects(async () => await other?.run('game', call), LimitReached);
    assert.equal(made, false);
    end.resolve();
    await long;
  });

  it('is not in the way of a provider without a limit', async () => {
    const keeper = {
      take: () => Promise.reject(new Error('asked')),
      giveBack: () => Promise.reject(new Error('asked')),
    } satisfies Partial<ProviderLimitStore>;
    const callLimiter = createCallLimiter(keeper, new Map(), { timeoutMs: 1 });
    assert.equal(callLimiter.isLimited('game'), false);
    assert.equal(await callLimiter.run('game', async () => 'asked it'), 'asked it');
  });
});

describe('claims at a provider with a limit, and two workers', () => {
  const game = counting();
  /** The game, counted: each call takes a moment there. */
  const counted = (deps: ActivityDeps): ActivityDeps => ({
    ...deps,
    provider(name) {
      const provider = deps.provider(name);
      if (name !== 'game' || !provider) return provider;
      const slow = <T>(call: () => Promise<T>) =>
        game.call(async () => {
          await sleep(20);
          return await call();
        });
      return {
        grant: (...of) => slow(() => provider.grant(...of)),
        lookup: (...of) => slow(() => provider.lookup(...of)),
        revoke: (...of) => slow(() => provider.revoke(...of)),
      } satisfies FulfillmentProvider;
    },
  });

  let laurel: Laurel;
  before(async () => {
    laurel = await startLaurel({
      limit: { callsPerS: 50, callsAtOnce: 2 },
      activities: counted,
    });
    await laurel.startWorkers();
  });
  after(() => laurel.stop());

  it('are all granted without an attempt that fails, no more than two calls at once', async () => {
    const { eventId } = await gameEvent(laurel);
    const players = await Promise.all(Array.from({ length: 10 }, () => laurel.signIn()));
    const answers = await Promise.all(players.map(({ token }) => laurel.claim(eventId, token)));
    const claims = await Promise.all(answers.map(({ body }) => ended(laurel, body.claimId)));
    assert.deepEqual(new Set(claims.map(({ state }) => state)), new Set(['GRANTED']));
    const attempts = claims.map(({ steps }) => steps.find((s) => s.step === 'S4_FULFIL')?.attempts);
    assert.deepEqual(new Set(attempts), new Set([1]));
    assert.ok(game.seen.most <= 2, `${game.seen.most} calls at once`);
  });

  it('are asked there for their condition too', async () => {
    const condition = { metric: 'guild.rank', atLeast: 1, source: 'game' };
    const { eventId } = await event(laurel, { condition });
    const { id, token } = await laurel.signIn();
    laurel.game.setMetrics(id, { 'guild.rank': 3 });
    const { body } = await laurel.claim(eventId, token);
    await ended(laurel, body.claimId);
    const [asked, ...more] = await activitiesOf(laurel, body.claimId);
    assert.deepEqual([asked?.queue, more], [providerQueue('game'), []]);
  });
});

describe('a claim at a provider with a limit that got no first try', () => {
  it('is on the queue of its provider', async () => {
    const laurel = await startLaurel({ firstTries: false, limit: { callsAtOnce: 2 } });
    try {
      const { eventId } = await gameEvent(laurel);
      const { token } = await laurel.signIn();
      const { body } = await laurel.claim(eventId, token);
      await ended(laurel, body.claimId);
      const own = { name: 'grantLine', queue: providerQueue('game') };
      assert.deepEqual(await activitiesOf(laurel, body.claimId), [own]);
    } finally {
      await laurel.stop();
    }
  });
});
