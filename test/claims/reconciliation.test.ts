/** Late writes are found and gaps are closed (rules 10 and 11). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { grantIdOf } from '../../domain/claims/claim.ts';
import type { ParkedAfter } from '../../domain/events/event.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import { endedIndex } from '../../store/claims/claim-slimming.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { someClaimId } from '../../store/test-store.ts';
import type { RunOf } from '../../temporal/runs.ts';
import type { RunStart } from '../../workflows/contract.ts';
import { answered, claimAtGame, type Rule } from '../game-claims.ts';
import {
  ADMIN,
  atRest,
  CAPE,
  ended,
  event,
  gameEvent,
  hasEntitlement,
  hasRun,
  leaveAlone,
  levelsOf,
  parked,
  reconcile,
  recordOf,
  runClosed,
  runsOf,
  until,
  workflowOf,
} from '../helpers.ts';
import { createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { outcomeOf, undoneSteps } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
/** Keys after whose claim the API dies: it is recorded, and nothing is started. */
const deadly = new Set<string>();
/** What reconciliation mended, `{kind} {ID}`. */
const mended: string[] = [];
/** Claims of which Temporal cannot be asked. */
const untouchable = new Set<string>();
const failures: string[] = [];

before(async () => {
  const starter = {
    async start(claim: RunOf, known?: RunStart) {
      if (!deadly.delete(claim.idempotencyKey)) await laurel.runs.start(claim, known);
    },
  };
  laurel = await startLaurel({
    activities: interposer.around,
    // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
    api: { starter, holdsEarly: false },
    firstTries: false,
  });
  const { ensure, wake } = laurel.runs;
  Object.assign(laurel.upkeep, {
    onMended: (kind: string, id: string) => mended.push(`${kind} ${id}`),
    onFailure: (id: string) => failures.push(id),
    runs: {
      wake,
      async ensure(claim: Claim) {
        if (untouchable.has(claim._id)) throw new Error('4 DEADLINE_EXCEEDED');
        return await ensure(claim);
      },
    },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

/** A claim of the event, made by a new player. */
async function claimOf({ eventId }: StoredEvent, isStarted = true): Promise<string> {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  if (!isStarted) deadly.add(key);
  await laurel.claim(eventId, token, { key });
  return claimIdOf(id, key);
}

async function grantedClaim(of: StoredEvent): Promise<string> {
  const claimId = await claimOf(of);
  assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
  return claimId;
}

async function failedClaim(of: StoredEvent): Promise<string> {
  laurel.game.rules.add({ do: 'refuse', eventId: of.eventId });
  const claimId = await claimOf(of);
  assert.equal((await ended(laurel, claimId)).state, 'FAILED');
  return claimId;
}

async function parkedClaim(given: Parameters<typeof gameEvent>[1] = {}): Promise<Claim> {
  const of = await gameEvent(laurel, given);
  laurel.game.rules.add({ do: 'fail', on: ['grant', 'lookup'], eventId: of.eventId, times: 3 });
  const claim = await parked(laurel, await claimOf(of));
  // It looks for a reason to stop once more after it is parked.
  await atRest(laurel, claim);
  return claim;
}

/** A hold for the claim, written when it was over already. */
async function holdLate({ eventId }: StoredEvent, claimId: string): Promise<string> {
  const holdId = grantIdOf(claimId, CAPE.rewardId);
  const request = { holdId, eventId, rewardId: CAPE.rewardId, quantity: 1, buckets: 1 };
  assert.equal(await laurel.store.stock.reserve(request), 'HELD');
  return holdId;
}

/** Passes of other tests run at the same time: whichever mended it tells so in its own time. */
const isMended = (what: string) => until(() => mended.includes(what), `${what} to be mended`);

/** The provider fails, and is not asked again for longer than a test takes. */
const FAILING: Rule = { do: 'fail', retryAfter: '60' };

/** What a claim at the game comes to whose player has left. */
const STOPPED = {
  end: 'FAILED / USER_NOT_ACTIVE',
  lines: { cape: 'REVOKED' },
  given: { cape: 'REVOKED ×0' },
  isEntitled: false,
  levels: { cape: '10 = 10 + 0 + 0' },
};

// First, as tests after it make a stock that does not add up.
describe('reconciliation over what is well', () => {
  it('tells an auditor of its passes and of the stocks, which add up', async () => {
    await grantedClaim(await event(laurel));
    await reconcile(laurel);
    const { token } = await laurel.signIn('AUDITOR');
    const { body } = await laurel.call<{
      addsUp: boolean;
      runs: { unbalanced: string[] }[];
      invariant: { holds: boolean; title: string }[];
    }>('GET', '/api/reconciliation', { token });
    assert.equal(body.addsUp, true);
    assert.ok(body.runs.length > 0);
    assert.deepEqual(
      body.runs.flatMap((run) => run.unbalanced),
      [],
    );
    assert.ok(body.invariant.length > 0);
    assert.ok(body.invariant.every(({ holds, title }) => holds && title !== ''));
  });
});

describe('reconciliation', { concurrency: true }, () => {
  describe('starts a run', { concurrency: true }, () => {
    it('for a claim that has none', async () => {
      const claimId = await claimOf(await event(laurel), false);
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      await isMended(`runsStarted ${claimId}`);
    });

    it('but not for a claim recorded this very moment, which its request may still reject', async () => {
      const claimId = await claimOf(await event(laurel), false);
      // Only the moment of its record keeps it from being tended, however slowly this test runs.
      const now = Date.now();
      const times = { updatedAt: new Date(now - 60_000), recordedAt: new Date(now + 60_000) };
      await laurel.store.claims.model.updateOne({ _id: claimId }, times);
      await reconcile(laurel);
      assert.equal(await hasRun(laurel, await recordOf(laurel, claimId)), false);
      assert.equal((await recordOf(laurel, claimId)).state, 'PENDING_VALIDATION');
    });

    it('for a claim whose run is over though the claim is not', async () => {
      const of = await event(laurel);
      const claimId = await grantedClaim(of);
      assert.equal(await runClosed(laurel, await recordOf(laurel, claimId)), 'COMPLETED');
      const before = { state: 'FULFILLING', open: true, endedAt: null } as const;
      await laurel.store.claims.model.updateOne({ _id: claimId }, before);
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
      assert.equal((await levelsOf(laurel, of)).granted, 1);
    });

    it('for a claim that is parked and decided on though its run is over', async () => {
      const claimId = await grantedClaim(await gameEvent(laurel));
      await runClosed(laurel, await recordOf(laurel, claimId));
      // As a restore of MongoDB to an earlier point leaves it.
      const at = new Date(Date.now() - 60_000);
      const decision = { action: 'RETRY', note: null, by: 'usr_admin', at };
      const why = {
        reason: 'FULFILLMENT_UNKNOWN',
        detail: '',
        step: 'S4_FULFIL',
        lineIds: ['cape'],
      };
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
      await reconcile(laurel);
      await isMended(`runsStarted ${claimId}`);
      assert.equal((await ended(laurel, claimId)).state, 'GRANTED');
    });

    it('for the others, where one claim cannot be looked after', async () => {
      const of = await event(laurel);
      const [stuck, other] = [await claimOf(of, false), await claimOf(of, false)];
      // First, or a pass of another test looks after it.
      untouchable.add(stuck);
      for (const claimId of [stuck, other]) await leaveAlone(laurel, claimId);
      const stray = await holdLate(of, someClaimId());
      const pass = await reconcile(laurel);
      assert.equal((await ended(laurel, other)).state, 'GRANTED');
      assert.ok(pass.failures >= 1);
      assert.ok(failures.includes(stuck));
      await isMended(`holdsFreed ${stray}`);
      untouchable.delete(stuck);
      await reconcile(laurel);
      assert.equal((await ended(laurel, stuck)).state, 'GRANTED');
    });
  });

  describe('frees what came too late', { concurrency: true }, () => {
    it('a hold of a claim that is granted, failed, or was never recorded', async () => {
      const [good, bad] = [await gameEvent(laurel), await gameEvent(laurel)];
      const granted = await holdLate(good, await grantedClaim(good));
      const failed = await holdLate(bad, await failedClaim(bad));
      const unknown = await holdLate(bad, someClaimId());
      await reconcile(laurel);
      for (const holdId of [granted, failed, unknown]) {
        await isMended(`holdsFreed ${holdId}`);
      }
      assert.deepEqual(await levelsOf(laurel, good), {
        ...{ stock: 10, available: 9, held: 0, granted: 1 },
      });
      assert.deepEqual(await levelsOf(laurel, bad), {
        ...{ stock: 10, available: 10, held: 0, granted: 0 },
      });
    });

    it('but no hold of a claim that is open, however long it is parked', async () => {
      const claim = await parkedClaim();
      await leaveAlone(laurel, claim._id);
      await reconcile(laurel);
      assert.equal((await levelsOf(laurel, claim)).held, 1);
      assert.ok(await hasEntitlement(laurel, claim._id));
    });

    it('a hold that a lost run still writes after its claim was undone', async () => {
      const of = await event(laurel);
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      const lost = interposer.hold('stock.reserve', claimId);
      await laurel.claim(of.eventId, token, { key: 'mine' });
      await lost.reached;
      await laurel.store.users.model.updateOne({ _id: id }, { status: 'BANNED' });
      await workflowOf(laurel, await recordOf(laurel, claimId)).terminate();
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.equal((await ended(laurel, claimId)).reason, 'USER_NOT_ACTIVE');
      lost.open();
      await lost.done;
      await reconcile(laurel);
      assert.equal(await hasEntitlement(laurel, claimId), false);
      assert.deepEqual(await levelsOf(laurel, of), {
        ...{ stock: 10, available: 10, held: 0, granted: 0 },
      });
    });
  });

  describe('looks after claims that wait for a person', { concurrency: true }, () => {
    it('stops them where the player has left and nobody told them', async () => {
      const { _id, userId } = await parkedClaim();
      await laurel.store.users.model.updateOne({ _id: userId }, { status: 'WITHDRAWN' });
      await leaveAlone(laurel, _id);
      await reconcile(laurel);
      assert.deepEqual(await outcomeOf(laurel, _id), {
        ...STOPPED,
        steps: undoneSteps('PARKED'),
      });
      await isMended(`claimsStopped ${_id}`);
    });

    it('stops a claim without a run whose player left', async () => {
      const { claimId, id } = await claimAtGame(laurel, [FAILING]);
      await answered(laurel, claimId, 'grant');
      await workflowOf(laurel, await recordOf(laurel, claimId)).terminate('by mistake');
      await laurel.store.users.change(ADMIN, id, { status: 'WITHDRAWN' }, new Date());
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...STOPPED,
        steps: undoneSteps('STOPPED'),
        given: { cape: 'REVOKED ×0' },
      });
    });

    /** Makes the claim look as if it had been parked for so long. */
    async function waited({ _id }: Claim, hours: number): Promise<void> {
      const at = new Date(Date.now() - hours * 3_600_000);
      await laurel.store.claims.model.updateOne({ _id }, { 'parking.at': at });
      await leaveAlone(laurel, _id);
    }

    const policies: { parkedAfter: ParkedAfter; end: string }[] = [
      { parkedAfter: { action: 'RETRY', hours: 2 }, end: 'GRANTED' },
      { parkedAfter: { action: 'ABORT', hours: 2 }, end: 'FAILED' },
    ];
    for (const { parkedAfter, end } of policies) {
      it(`decides on them as their event says once the time is over: ${parkedAfter.action}`, async () => {
        const claim = await parkedClaim({ parkedAfter });
        await waited(claim, 1.9);
        await reconcile(laurel);
        assert.equal((await recordOf(laurel, claim._id)).parking?.decision, null, 'too early');
        await waited(claim, 2.1);
        await reconcile(laurel);
        assert.equal((await ended(laurel, claim._id)).state, end);
        await isMended(`parkingsExpired ${claim._id}`);
      });
    }

    it('leaves them waiting where their event says so', async () => {
      const claim = await parkedClaim({ parkedAfter: { action: 'WAIT', hours: 1 } });
      await waited(claim, 100);
      await reconcile(laurel);
      const { state, parking } = await recordOf(laurel, claim._id);
      assert.deepEqual([state, parking?.decision], ['NEEDS_ATTENTION', null]);
    });
  });

  describe('keeps account', { concurrency: true }, () => {
    it('of the buckets that do not add up', async () => {
      const of = await event(laurel);
      await laurel.store.stock.model.updateOne({ eventId: of.eventId }, { granted: 1 });
      const { unbalanced } = await reconcile(laurel);
      assert.ok(unbalanced.includes(`${of.eventId}/cape/0`));
    });

    it('of what it mended, pass by pass and in all', async () => {
      const of = await event(laurel);
      const before = await laurel.store.reconciliations.totals();
      await holdLate(of, someClaimId());
      await reconcile(laurel);
      const after = await laurel.store.reconciliations.totals();
      assert.ok(after.holdsFreed > before.holdsFreed);
      const passes = await laurel.store.reconciliations.latest(200);
      const sum = passes.reduce((total, pass) => total + pass.holdsFreed, 0);
      assert.ok(sum >= after.holdsFreed, 'the passes on record tell less than the totals');
      for (const { startedAt, endedAt } of passes) assert.ok(startedAt <= endedAt);
    });
  });

  it('makes claims small that ended longer ago than they are kept whole', async () => {
    const [old, young] = await Promise.all([claimAtGame(laurel), claimAtGame(laurel)]);
    for (const { claimId } of [old, young]) await ended(laurel, claimId);
    const { model } = laurel.store.claims;
    const endedAt = new Date(Date.now() - 31 * 86_400_000);
    await model.updateOne({ _id: old.claimId }, { endedAt });
    await model.collection.createIndex(endedIndex.key, endedIndex.options);
    Object.assign(laurel.upkeep, { claimsRetentionDays: 30 });
    await reconcile(laurel);
    const steps = async ({ claimId }: { claimId: string }) =>
      (await recordOf(laurel, claimId)).steps;
    assert.deepEqual(await steps(old), []);
    assert.notDeepEqual(await steps(young), []);
  });

  it('leaves alone what is well', async () => {
    const { claimId } = await claimAtGame(laurel, [FAILING]);
    await answered(laurel, claimId, 'grant');
    await leaveAlone(laurel, claimId);
    const before = await recordOf(laurel, claimId);
    await reconcile(laurel);
    assert.deepEqual(await recordOf(laurel, claimId), before);
    assert.equal((await runsOf(laurel, before)).length, 1);
  });
});
