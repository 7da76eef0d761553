/** Accepting a claim, step by step, over a store in memory: no server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventFields, ONCE } from '../../domain/events/test-fields.ts';
import {
  type Claim,
  claimIdOf,
  type NewClaim,
  newRecord,
} from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { type AcceptDeps, createAcceptance } from './accept.ts';
import { createFairQueue, type QueueSettings } from './admission/fair-queue.ts';
import type { ClaimRequest } from './claim-draft.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const CAPE = { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1 } as const;
const UNLIMITED = { ...CAPE, stock: null, buckets: null };
const LIMITED = { ...CAPE, stock: 1, buckets: 1 };

const EVENT: StoredEvent = {
  ...eventFields({
    startsAt: new Date('2026-11-01T00:00:00Z'),
    endsAt: new Date('2026-12-01T00:00:00Z'),
    claimUntil: null,
    period: ONCE,
  }),
  rewards: [UNLIMITED],
  eventId: 'evt_1',
  status: 'ACTIVE',
  version: 1,
  claimed: true,
  createdBy: 'usr_operator',
  createdAt: NOW,
  updatedAt: NOW,
};

/** Lets everything run that waits for nothing from outside. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const asked = (given: Partial<ClaimRequest> = {}): ClaimRequest => {
  return { userId: 'usr_1', eventId: 'evt_1', rewardId: null, idempotencyKey: 'mine', ...given };
};

interface World {
  event?: Partial<StoredEvent> | null;
  status?: 'ACTIVE' | 'BANNED';
  queue?: Partial<QueueSettings>;
  holdsEarly?: boolean;
}

/** An acceptance over a store in memory, which notes each call. */
function accepting({ event = {}, status = 'ACTIVE', queue = {}, holdsEarly = true }: World = {}) {
  const calls: string[] = [];
  const recorded = new Map<string, Claim>();
  const world = {
    units: 1,
    isUsedUp: false,
    isMarkable: true,
    /** Runs before the call of that name is answered. */
    before: new Map<string, () => unknown>(),
  };
  const noted = async <T>(call: string, answer: () => T): Promise<T> => {
    calls.push(call);
    await world.before.get(call)?.();
    return answer();
  };
  const record = (claim: NewClaim) => {
    const made = newRecord(claim, NOW, NOW);
    const earlier = recorded.get(made._id);
    if (!earlier) recorded.set(made._id, made);
    return { claim: earlier ?? made, created: !earlier };
  };
  const store = {
    events: {
      get: () => noted('get', () => event && { ...EVENT, ...event }),
      markClaimed: () => noted('markClaimed', () => world.isMarkable),
    },
    users: { get: () => noted('user', () => ({ status })) },
    claims: {
      findByKey: (userId: string, key: string) =>
        noted('findByKey', () => recorded.get(claimIdOf(userId, key)) ?? null),
      isUsedUp: () => noted('isUsedUp', () => world.isUsedUp),
      accept: (claim: NewClaim) => noted('accept', () => record(claim)),
      recorderUntil: () => NOW,
      refuse: (claim: Claim) => noted('refuse', () => ({ ...claim, state: 'REJECTED' })),
    },
    stock: {
      reserve: () => noted('reserve', () => (world.units-- > 0 ? 'HELD' : 'SOLD_OUT')),
      release: () => noted('release', () => {}),
      soldOut: <R>(_: string, rewards: R[]) =>
        noted('soldOut', () => (world.units > 0 ? [] : rewards)),
    },
  } as unknown as AcceptDeps['store'];
  const records = createFairQueue({ atOnce: 4, waiting: 10, patienceMs: 60_000, ...queue });
  const { accept } = createAcceptance({ store, now: () => NOW }, { records, holdsEarly });
  return { accept, calls, world, records, recorded };
}

describe('accepting a claim', () => {
  it('reads, records and says how its run is to be started', async () => {
    const { accept, calls } = accepting();
    const { claim, replayed, start } = await accept(asked());
    assert.equal(claim._id, claimIdOf('usr_1', 'mine'));
    assert.deepEqual([replayed, start], [false, { isHeld: false, isAlone: true }]);
    assert.deepEqual(calls, ['get', 'user', 'accept']);
  });

  it('marks its event before the first claim, once nothing would refuse it', async () => {
    const { accept, calls } = accepting({ event: { claimed: false } });
    await accept(asked());
    assert.deepEqual(calls, ['get', 'user', 'findByKey', 'isUsedUp', 'markClaimed', 'accept']);
  });

  it('reads the event again while an operator changes it, five times at most', async () => {
    const { accept, calls, world } = accepting({ event: { claimed: false } });
    world.isMarkable = false;
    await assert.rejects(accept(asked()), { code: 'unavailable' });
    assert.equal(calls.filter((call) => call === 'get').length, 5);
    assert.ok(!calls.includes('accept'));
  });

  it('holds the units of a claim that only the stock can refuse, or rejects it', async () => {
    const { accept, calls } = accepting({ event: { rewards: [LIMITED] } });
    assert.deepEqual((await accept(asked())).start, { isHeld: true, isAlone: true });
    const late = await accept(asked({ userId: 'usr_2' }));
    assert.deepEqual([late.claim.state, late.start], ['REJECTED', undefined]);
    assert.deepEqual(calls.slice(-3), ['accept', 'reserve', 'refuse']);
  });
});

describe('a refusal', () => {
  const paused = { status: 'PAUSED' } as const;
  const cases: [code: string, world: World, request?: Partial<ClaimRequest>][] = [
    ['not_found', { event: null, status: 'BANNED' }],
    ['not_found', { event: { status: 'DRAFT' } }],
    ['invalid_request', { event: paused, status: 'BANNED' }, { rewardId: 'cape' }],
    ['user_not_active', { event: paused, status: 'BANNED' }],
    ['event_not_open', { event: paused }],
  ];
  for (const [code, world, request] of cases) {
    it(`is ${code} of ${JSON.stringify(world)}, after the key was looked up once more`, async () => {
      const { accept, calls, recorded } = accepting(world);
      await assert.rejects(accept(asked(request)), { code });
      assert.equal(calls.at(-1), 'findByKey');
      assert.equal(recorded.size, 0);
    });
  }

  it('is already_claimed before sold_out', async () => {
    const { accept, world } = accepting({ event: { rewards: [LIMITED] }, holdsEarly: false });
    Object.assign(world, { units: 0, isUsedUp: true });
    await assert.rejects(accept(asked()), { code: 'already_claimed' });
    world.isUsedUp = false;
    await assert.rejects(accept(asked()), { code: 'sold_out' });
  });

  it('is not given to the twin of a request in flight', async () => {
    const { accept, world } = accepting({ event: { claimed: false } });
    const twin = Promise.withResolvers<Claim>();
    world.isUsedUp = true;
    world.before.set('isUsedUp', async () => {
      world.before.clear();
      world.isUsedUp = false;
      twin.resolve((await accept(asked())).claim);
      world.isUsedUp = true;
    });
    const { claim, replayed } = await accept(asked());
    assert.deepEqual([claim, replayed], [await twin.promise, true]);
  });

  it('for a key of another claim is said without another look', async () => {
    const { accept, calls } = accepting();
    await accept(asked());
    await assert.rejects(accept(asked({ eventId: 'evt_2' })), { code: 'idempotency_key_reused' });
    assert.ok(!calls.includes('findByKey'));
  });

  it('is not made of a store that fails', async () => {
    const { accept, calls, world } = accepting();
    world.before.set('accept', () => Promise.reject(new Error('no connection')));
    await assert.rejects(accept(asked()), /no connection/);
    assert.ok(!calls.includes('findByKey'));
  });
});

describe('while all record slots are taken', () => {
  /** Takes the only slot, until it is given back. */
  function full(world: World = {}) {
    const accepted = accepting({ ...world, queue: { atOnce: 1, ...world.queue } });
    const slot = Promise.withResolvers<void>();
    return {
      ...accepted,
      slot,
      take: () => void accepted.records.run('other', () => slot.promise),
    };
  }

  it('a replay is answered', async () => {
    const { accept, take } = full();
    const { claim } = await accept(asked());
    take();
    assert.deepEqual(await accept(asked()), { claim, replayed: true });
  });

  it('a claim for which there is no room is turned away, and its key not looked up again', async () => {
    const { accept, calls, take } = full({ queue: { waiting: 0 } });
    take();
    await assert.rejects(accept(asked()), { code: 'unavailable' });
    assert.deepEqual(calls, ['findByKey']);
  });

  it('a claim that waits is refused by a look once the one before it finds nothing left', async () => {
    const { accept, calls, world, records } = full({ event: { rewards: [LIMITED] } });
    const holding = Promise.withResolvers<void>();
    world.before.set('reserve', () => holding.promise);
    world.units = 0;
    const first = accept(asked());
    await settle();
    const waiting = accept(asked({ userId: 'usr_2' }));
    await settle();
    assert.equal(records.waitingIn('evt_1'), 1);
    holding.resolve();
    await assert.rejects(waiting, { code: 'sold_out' });
    assert.equal((await first).claim.state, 'REJECTED');
    assert.equal(calls.filter((call) => call === 'accept').length, 1);
  });

  it('a claim of what was seen sold out is refused by a look', async () => {
    const { accept, calls, world, take } = full({ event: { rewards: [LIMITED] } });
    world.units = 0;
    await accept(asked());
    take();
    calls.length = 0;
    await assert.rejects(accept(asked({ userId: 'usr_2' })), { code: 'sold_out' });
    assert.deepEqual(calls, ['get', 'user', 'soldOut', 'isUsedUp', 'findByKey']);
  });
});
