import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FulfillmentProvider, ProviderError } from '../domain/claims/fulfillment.ts';
import type { Claim } from '../store/claims/claim-record.ts';
import { CHECK_VALID_MS, FIRST_POLL_MS } from '../workflows/contract.ts';
import { askAtOnce } from './first-try.ts';

const EXTERNAL_ID = 'ext:game:1';
const NOW = new Date('2026-11-26T12:00:00.000Z');
const POLICY = { timeoutMs: 10, maxAttempts: 3, initialIntervalMs: 77, pendingTimeoutMs: 100 };

const lines = ['cape', 'hat'].map((lineId) => ({
  lineId,
  kind: 'ITEM',
  name: lineId,
  quantity: 1,
}));
const CLAIM = {
  _id: 'clm_1',
  userId: 'usr_1',
  eventId: 'evt_1',
  snapshot: { provider: 'game' },
  lines,
} as unknown as Claim;

interface World {
  /** What the provider does with the request for each line. */
  grant?: (lineId: string) => ReturnType<FulfillmentProvider['grant']>;
  lookup?: (lineId: string) => ReturnType<FulfillmentProvider['lookup']>;
  isQuick?: boolean;
  isKnown?: boolean;
  hasSlot?: boolean;
  mayHaveAsked?: boolean;
  /** How long ago the claim was checked, in milliseconds. */
  checkedAgoMs?: number;
}

/** Makes a first try, and says what was asked of the provider. */
async function firstTry(world: World) {
  const { isQuick = true, isKnown = true, hasSlot = true } = world;
  const { mayHaveAsked = false, checkedAgoMs = 0 } = world;
  const calls: string[] = [];
  let underWay = 0;
  const lineOf = (grantId: string) => grantId.split(':')[1] as string;
  const provider: FulfillmentProvider = {
    async grant({ grantId, externalId }) {
      assert.equal(externalId, EXTERNAL_ID);
      calls.push(`grant ${lineOf(grantId)}`);
      return (await world.grant?.(lineOf(grantId))) ?? { state: 'GRANTED' };
    },
    async lookup(grantId) {
      calls.push(`lookup ${lineOf(grantId)}`);
      return (await world.lookup?.(lineOf(grantId))) ?? { state: 'NEVER_SEEN' };
    },
    revoke: () => assert.fail('nothing is taken back'),
  };
  const deps = {
    pace: {
      enter() {
        if (!isQuick) return null;
        underWay += 1;
        return () => {
          underWay -= 1;
        };
      },
    },
    provider: () => (isKnown ? provider : undefined),
    callLimiter: {
      longestWaitMs: 0,
      isLimited: () => true,
      run: () => assert.fail('a first try does not wait for a slot'),
      runNow: async <T>(_: string, call: () => Promise<T>) => (hasSlot ? await call() : null),
    },
    policy: POLICY,
    now: () => NOW,
  };
  const checkedAtMs = performance.now() - checkedAgoMs;
  const end = await askAtOnce(deps, CLAIM, { mayHaveAsked, externalId: EXTERNAL_ID, checkedAtMs });
  assert.equal(underWay, 0, 'it was left');
  return { ...end, calls };
}

describe('a first try', () => {
  it('grants the claim where the provider grants every line', async () => {
    const at = NOW.toISOString();
    const calls = ['grant cape', 'grant hat'];
    assert.deepEqual(await firstTry({}), {
      end: 'GRANTED',
      grantedAt: { cape: at, hat: at },
      calls,
    });
  });

  it('is not made at a provider that is slow, unknown or at its limit', async () => {
    for (const world of [{ isQuick: false }, { isKnown: false }, { hasSlot: false }]) {
      assert.deepEqual(await firstTry(world), { end: 'NOT_ASKED', calls: [] });
    }
  });

  it('is not made where the claim was checked too long ago', async () => {
    const late = await firstTry({ checkedAgoMs: CHECK_VALID_MS + 1 });
    assert.deepEqual(late, { end: 'NOT_ASKED', calls: [] });
  });

  it('is refused where every line is decided and one is refused', async () => {
    const { end, calls } = await firstTry({
      grant: async (lineId) =>
        lineId === 'hat' ? { state: 'REFUSED', detail: 'No.' } : { state: 'GRANTED' },
    });
    assert.equal(end, 'REFUSED');
    assert.equal(calls.length, 2);
  });

  it('leaves the claim undecided where one line has no answer, for as long as the provider says', async () => {
    const failing = (retryAfterMs?: number) => async (lineId: string) => {
      if (lineId === 'hat') throw new ProviderError('UNAVAILABLE', 'It said 429.', retryAfterMs);
      return { state: 'REFUSED', detail: 'No.' } as const;
    };
    const calls = ['grant cape', 'grant hat'];
    const asked = await firstTry({ grant: failing(5_000) });
    assert.deepEqual(asked, { end: 'UNDECIDED', restMs: 5_000, calls });
    const unasked = await firstTry({ grant: failing() });
    assert.deepEqual(unasked, { end: 'UNDECIDED', restMs: POLICY.initialIntervalMs, calls });
  });

  it('leaves a pending line to be looked up after the usual pause', async () => {
    const { end, ...rest } = await firstTry({ grant: async () => ({ state: 'PENDING' }) });
    assert.equal(end, 'UNDECIDED');
    assert.equal('restMs' in rest && rest.restMs, FIRST_POLL_MS);
  });

  it('begins with a lookup where an earlier attempt may have asked', async () => {
    const { end, calls } = await firstTry({
      mayHaveAsked: true,
      lookup: async (lineId) => ({ state: lineId === 'cape' ? 'GRANTED' : 'NEVER_SEEN' }),
    });
    assert.equal(end, 'GRANTED');
    assert.deepEqual(calls, ['lookup cape', 'lookup hat', 'grant hat']);
  });

  it('is undecided, not unasked, where an earlier attempt may have asked and this one cannot', async () => {
    const { end, calls } = await firstTry({ mayHaveAsked: true, hasSlot: false });
    assert.equal(end, 'UNDECIDED');
    assert.deepEqual(calls, []);
  });

  it('passes on an error that is not the provider’s', async () => {
    const mistake = new TypeError('x is undefined');
    await assert.rejects(firstTry({ grant: () => Promise.reject(mistake) }), mistake);
  });
});
