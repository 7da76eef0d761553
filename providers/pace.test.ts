import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type FulfillmentProvider,
  type GrantAnswer,
  type GrantRequest,
  ProviderError,
} from '../domain/claims/fulfillment.ts';
import { createPace } from './pace.ts';

const REQUEST = {} as GrantRequest;
const GRANTED: GrantAnswer = { state: 'GRANTED' };

/** A provider with a clock of the test's own. Its calls end when the test says so. */
function watched() {
  let nowMs = 1_000_000;
  const pace = createPace(() => nowMs);
  const waiting: PromiseWithResolvers<GrantAnswer>[] = [];
  const ask = () => {
    const answer = Promise.withResolvers<GrantAnswer>();
    waiting.push(answer);
    return answer.promise;
  };
  const provider: FulfillmentProvider = {
    grant: ask,
    lookup: ask as FulfillmentProvider['lookup'],
    revoke: ask as FulfillmentProvider['revoke'],
  };
  const paced = pace.watch('game', provider);
  const passMs = (ms: number) => {
    nowMs += ms;
  };

  return {
    pace,
    passMs,

    /** One call that takes that long. */
    async call(tookMs: number, verb: 'grant' | 'lookup' | 'revoke' = 'grant'): Promise<void> {
      const answered = verb === 'grant' ? paced.grant(REQUEST) : paced[verb]('grant');
      passMs(tookMs);
      waiting.shift()?.resolve(GRANTED);
      assert.equal(await answered, GRANTED);
    },

    /** One call that ends without an answer. */
    async fails(error: Error, verb: 'grant' | 'lookup' = 'grant'): Promise<void> {
      const answered = verb === 'grant' ? paced.grant(REQUEST) : paced[verb]('grant');
      waiting.shift()?.reject(error);
      await assert.rejects(answered, error);
    },

    /** Begins a call. Returns a function that ends it. */
    begin() {
      const answered = paced.grant(REQUEST);
      const own = waiting.shift();
      return async () => {
        own?.resolve(GRANTED);
        await answered;
      };
    },

    /** Whether a first try may begin now. None is begun. */
    isQuick(name = 'game'): boolean {
      const leave = pace.enter(name);
      leave?.();
      return leave !== null;
    },
  };
}

describe('a first try at a provider', () => {
  it('is made where nothing is known of it', () => {
    const { isQuick } = watched();
    assert.equal(isQuick(), true);
  });

  it('is made where 95 of 100 calls took a quarter of a second at most', async () => {
    const { call, isQuick } = watched();
    for (let n = 0; n < 5; n++) await call(251);
    assert.equal(isQuick(), false);
    for (let n = 0; n < 95; n++) await call(n < 2 ? 250 : 0);
    assert.equal(isQuick(), true);
    await call(251);
    // A hundred calls are remembered, so the first slow one is forgotten.
    assert.equal(isQuick(), true);
    for (let n = 0; n < 5; n++) await call(251);
    assert.equal(isQuick(), false);
  });

  it('is made again once its slow calls are ten seconds old', async () => {
    const { call, isQuick, passMs } = watched();
    await call(251);
    passMs(9_999);
    assert.equal(isQuick(), false);
    passMs(1);
    assert.equal(isQuick(), true);
  });

  it('is not made while a call is under way for longer than a quick one', async () => {
    const { begin, isQuick, passMs } = watched();
    const [end, endLater] = [begin(), begin()];
    passMs(250);
    assert.equal(isQuick(), true);
    passMs(1);
    assert.equal(isQuick(), false);
    await end();
    assert.equal(isQuick(), false, 'another one is still under way');
    await endLater();
    passMs(10_000);
    assert.equal(isQuick(), true);
  });

  it('is not made for five seconds after a call without an answer', async () => {
    const { fails, isQuick, passMs } = watched();
    for (const verb of ['grant', 'lookup'] as const) {
      await fails(new ProviderError('UNAVAILABLE', '503'), verb);
      passMs(4_999);
      assert.equal(isQuick(), false, verb);
      passMs(1);
      assert.equal(isQuick(), true, verb);
    }
  });

  it('is made after an error that is not the provider’s', async () => {
    const { fails, isQuick } = watched();
    await fails(new Error('ours'));
    assert.equal(isQuick(), true);
  });

  it('goes by lookups as well as by grants, and not by what is taken back', async () => {
    const { call, isQuick, passMs } = watched();
    await call(251, 'revoke');
    assert.equal(isQuick(), true);
    await call(251, 'lookup');
    assert.equal(isQuick(), false);
    passMs(10_000);
    assert.equal(isQuick(), true);
  });

  it('is one of eight at most, until one of them leaves', () => {
    const { pace } = watched();
    const inside = Array.from({ length: 8 }, () => pace.enter('game'));
    assert.ok(inside.every((leave) => leave !== null));
    assert.equal(pace.enter('game'), null);
    inside[3]?.();
    assert.notEqual(pace.enter('game'), null);
    assert.equal(pace.enter('game'), null);
  });

  it('is no matter of another provider', async () => {
    const { call, fails, isQuick } = watched();
    await call(251);
    await fails(new ProviderError('UNKNOWN', 'no answer'));
    assert.deepEqual([isQuick(), isQuick('other')], [false, true]);
  });

  it('waits no longer than it is told to: the provider hears of it', async () => {
    const heard: (number | undefined)[] = [];
    const answer = async (_: unknown, withinMs?: number) => {
      heard.push(withinMs);
      return GRANTED;
    };
    const lookup = answer as FulfillmentProvider['lookup'];
    const revoke = async () => ({ state: 'REVOKED' as const });
    const provider: FulfillmentProvider = { grant: answer, lookup, revoke };
    const paced = createPace().watch('game', provider);
    await paced.grant(REQUEST, 10);
    await paced.lookup('grant', 20);
    assert.deepEqual(heard, [10, 20]);
  });
});
