/** Twins of a run, words that cross each other, and a pass of reconciliation over what is broken. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ActivityDeps } from '../activities/deps.ts';
import { type FulfillmentProvider, ProviderError } from '../domain/claims/fulfillment.ts';
import { withSteps } from '../domain/claims/steps.ts';
import { StockBusy } from '../domain/claims/stock-busy.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import type { HoldRequest } from '../store/stock/stock.ts';
import {
  booksOf,
  CAPE,
  ended,
  event,
  gameEvent,
  hasEntitlement,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
  runClosed,
  runThere,
} from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { neverTried } from './paces.ts';

const KEY = 'the-claim';
const away = () => Promise.reject(new ProviderError('UNAVAILABLE', 'away'));

/** What happens in the middle of an activity, by claim; each once. */
const beforeUnpark = new Map<string, () => Promise<void>>();
const insteadOfReserve = new Map<string, (request: HoldRequest) => Promise<'HELD' | 'SOLD_OUT'>>();
/** The game as one claim meets it. */
const games = new Map<string, FulfillmentProvider>();
/** Claims whose runs Temporal does not tell anything about. */
const unreachable = new Set<string>();

function once<T>(map: Map<string, T>, key: string): T | undefined {
  const found = map.get(key);
  map.delete(key);
  return found;
}

const claimOf = (id: string): string => id.split(':')[0] ?? '';

/** The real activities, with a place to step in between. */
function interposed(deps: ActivityDeps): ActivityDeps {
  return {
    ...neverTried(deps),
    stock: {
      ...deps.stock,
      async reserve(request, how) {
        const instead = once(insteadOfReserve, claimOf(request.holdId));
        return await (instead ?? deps.stock.reserve)(request, how);
      },
    },
    claims: {
      ...deps.claims,
      async unpark(claim, number, isDecided) {
        await once(beforeUnpark, claim._id)?.();
        return await deps.claims.unpark(claim, number, isDecided);
      },
    },
    provider(name) {
      if (name !== 'game') return deps.provider(name);
      const of = (grantId: string) => games.get(claimOf(grantId)) as FulfillmentProvider;
      return {
        grant: (request) => of(request.grantId).grant(request),
        lookup: (grantId) => of(grantId).lookup(grantId),
        revoke: (grantId) => of(grantId).revoke(grantId),
      };
    },
  };
}

let laurel: Laurel;
let admin: { id: string; token: string };

before(async () => {
  // What a run does by itself: the hold before it is the flash test's.
  laurel = await startLaurel({ activities: interposed, api: { holdsEarly: false } });
  admin = await laurel.signIn('ADMIN');
  const { ensure } = laurel.upkeep.runs;
  laurel.upkeep.runs = {
    ...laurel.upkeep.runs,
    async ensure(claim) {
      if (unreachable.has(claim._id)) throw new Error('deadline exceeded');
      return await ensure(claim);
    },
  };
});
after(() => laurel.stop());

/** A player's claim on an event of its own, at a game that is made for it. */
async function claimAt(game: FulfillmentProvider) {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const claimId = claimIdOf(id, KEY);
  games.set(claimId, game);
  await laurel.claim(eventId, token, { key: KEY });
  return { eventId, claimId, token };
}

const decide = (claimId: string, verb: 'retry' | 'abort') =>
  laurel.call('POST', `/api/event-claims/${claimId}/${verb}`, { token: admin.token });

describe('a run whose first task was executed twice', { concurrency: true }, () => {
  for (const isWritten of [true, false]) {
    const how = isWritten ? 'as the record says' : 'and nobody wrote down that it was asked for';
    test(`revokes what its twin was granted, ${how}`, async () => {
      let given = 'NEVER_SEEN' as 'NEVER_SEEN' | 'GRANTED' | 'REVOKED';
      const { eventId } = await gameEvent(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, KEY);
      games.set(claimId, {
        async grant() {
          given = 'GRANTED';
          return { state: 'GRANTED' };
        },
        lookup: async () => ({ state: given }),
        async revoke() {
          given = 'REVOKED';
          return { state: 'REVOKED' };
        },
      });
      // The twin holds the last unit and is granted; this run still sees what was true a moment
      // before: sold out.
      insteadOfReserve.set(claimId, async (request) => {
        const { stock, claims } = laurel.store;
        assert.equal(await stock.reserve(request), 'HELD');
        const claim = await recordOf(laurel, claimId);
        if (isWritten) assert.ok(await claims.startFulfilling(claim, withSteps(claim.steps, [])));
        await games.get(claimId)?.grant({} as never);
        return 'SOLD_OUT' as const;
      });
      await laurel.claim(eventId, token, { key: KEY });
      const { state, reason } = await ended(laurel, claimId);
      assert.deepEqual([state, reason], ['REJECTED', 'SOLD_OUT']);
      assert.equal(given, 'REVOKED', 'nothing of an undone claim stays with the player');
      assert.deepEqual(await booksOf(laurel, { eventId }), {
        ...{ stock: 1, available: 1, held: 0, granted: 0 },
      });
    });
  }
});

describe('a provider', { concurrency: true }, () => {
  test('that says pending and then forgets, again and again, is not asked for ever', async () => {
    let asked = 0;
    const { claimId } = await claimAt({
      grant: async () => {
        asked += 1;
        return { state: 'PENDING' };
      },
      lookup: async () => ({ state: 'NEVER_SEEN' }),
      revoke: async () => ({ state: 'REVOKED' }),
    });
    const { reason } = await parked(laurel, claimId);
    assert.equal(reason, 'FULFILLMENT_UNKNOWN');
    assert.ok(asked <= 5, `asked ${asked} times in four seconds`);
  });

  test('that refuses a revoke is not asked again once an admin gave up on it', async () => {
    let revokes = 0;
    let isAway = false;
    let isGiven = false;
    const { eventId, claimId } = await claimAt({
      grant: away,
      lookup: async () => ({ state: isGiven ? 'GRANTED' : 'NEVER_SEEN' }),
      revoke: async () => {
        revokes += 1;
        return isAway ? await away() : { state: 'REFUSED', detail: 'used already' };
      },
    });
    await parked(laurel, claimId, 1);
    isGiven = true;
    assert.equal((await decide(claimId, 'abort')).status, 202);
    await parked(laurel, claimId, 2);
    isAway = true;
    const asked = revokes;
    assert.equal((await decide(claimId, 'abort')).status, 202);
    const { state, reason, lines } = await ended(laurel, claimId);
    assert.deepEqual([state, reason], ['FAILED', 'COMPENSATION_FAILED']);
    assert.equal(lines[0]?.state, 'GRANTED', 'what could not be revoked is counted as given');
    assert.equal(revokes, asked, 'an abort ends the claim, whether the provider is there or not');
    assert.equal((await booksOf(laurel, { eventId })).granted, 1);
    assert.equal(await hasEntitlement(laurel, claimId), true);
  });
});

describe('an abort', { concurrency: true }, () => {
  test('that was answered is not passed over for a callback that came before it', async () => {
    let isUp = false;
    const grantOnceUp = async () => (isUp ? ({ state: 'GRANTED' } as const) : await away());
    const { claimId } = await claimAt({
      grant: grantOnceUp,
      lookup: grantOnceUp,
      revoke: async () => ({ state: 'REVOKED' }),
    });
    const claim = await parked(laurel, claimId);
    let status = 0;
    beforeUnpark.set(claimId, async () => {
      status = (await decide(claimId, 'abort')).status;
    });
    isUp = true;
    await laurel.runs.wake(claim, 'providerCallback');
    const { state, reason } = await ended(laurel, claimId);
    assert.deepEqual([status, state, reason], [202, 'FAILED', 'ABORTED_BY_ADMIN']);
  });
});

describe('reconciliation', () => {
  test('goes on past a claim that it cannot tend, and says so', async () => {
    await laurel.stopWorkers();
    const { eventId } = await event(laurel);
    const claims = [];
    for (let n = 0; n < 3; n++) {
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token)).body;
      const claim = await recordOf(laurel, claimId);
      await (await runThere(laurel, claim)).terminate('by mistake');
      await leaveAlone(laurel, claimId);
      claims.push(claim);
    }
    const [stuck, ...others] = claims;
    assert.ok(stuck);
    unreachable.add(stuck._id);
    await laurel.startWorkers();
    const pass = await reconcile(laurel);
    assert.equal(pass.failures, 1);
    for (const { _id } of others) assert.equal((await ended(laurel, _id)).state, 'GRANTED');
    unreachable.clear();
    await leaveAlone(laurel, stuck._id);
    assert.equal((await reconcile(laurel)).failures, 0);
    assert.equal((await ended(laurel, stuck._id)).state, 'GRANTED');
  });

  test('follows a run that completed though its claim is open, decided as it was', async () => {
    const { claimId } = await claimAt({
      grant: async () => ({ state: 'GRANTED' }),
      lookup: async () => ({ state: 'GRANTED' }),
      revoke: async () => ({ state: 'REVOKED' }),
    });
    await ended(laurel, claimId);
    await runClosed(laurel, await recordOf(laurel, claimId));
    // As a restore of MongoDB to an earlier point leaves it.
    const at = new Date(Date.now() - 60_000);
    const decision = { action: 'RETRY', note: null, by: admin.id, at };
    const why = { reason: 'FULFILLMENT_UNKNOWN', detail: '', step: 'S4_FULFIL', lineIds: ['cape'] };
    await laurel.store.claims.model.collection.updateOne({ _id: claimId as never }, {
      $set: {
        open: true,
        state: 'NEEDS_ATTENTION',
        fate: null,
        endedAt: null,
        updatedAt: at,
        parking: { number: 1, ...why, at, decision },
      },
    } as never);
    assert.equal((await reconcile(laurel)).runsStarted, 1);
    assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
  });

  for (const [action, end] of [
    ['RETRY', 'GRANTED'],
    ['ABORT', 'FAILED'],
  ] as const) {
    test(`decides ${action} on a parked claim nobody touched, as its event says`, async () => {
      let isUp = false;
      const grantOnceUp = async () => (isUp ? ({ state: 'GRANTED' } as const) : await away());
      const { eventId } = await gameEvent(laurel, { parkedAfter: { action, hours: 2 } });
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, KEY);
      games.set(claimId, {
        grant: grantOnceUp,
        lookup: grantOnceUp,
        revoke: async () => ({ state: 'REVOKED' }),
      });
      await laurel.claim(eventId, token, { key: KEY });
      const { parking } = await parked(laurel, claimId);
      await leaveAlone(laurel, claimId);
      assert.equal((await reconcile(laurel)).parkingsExpired, 0, 'not before its time');
      const at = new Date(Date.now() - 2 * 3_600_000);
      await laurel.store.claims.model.updateOne({ _id: claimId }, { parking: { ...parking, at } });
      isUp = true;
      assert.equal((await reconcile(laurel)).parkingsExpired, 1);
      assert.equal((await ended(laurel, claimId)).state, end);
    });
  }
});

describe('a stock without room for one more hold', () => {
  test('lets a claim wait, seen as reserving, until there is room', async () => {
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    const claimId = claimIdOf(id, KEY);
    insteadOfReserve.set(claimId, async () => {
      throw new StockBusy('full');
    });
    await laurel.claim(eventId, token, { key: KEY });
    const { state, version } = await ended(laurel, claimId);
    assert.equal(state, 'GRANTED');
    // Accepted, reserving, its fate, granted.
    assert.equal(version, 4);
  });
});
