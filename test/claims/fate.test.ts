/** New runs and the point of no return: however many runs a claim has, it has one end (rules 2, 6 and 7). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Reason, withSteps } from '../../domain/claims/claim.ts';
import { isMailbox } from '../../domain/claims/fulfillment.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { CLAIM_QUEUE, CLAIM_WORKFLOW, type ClaimOutcome } from '../../workflows/contract.ts';
import {
  CAPE,
  callsAbout,
  ended,
  endOf,
  event,
  gameEvent,
  givenBy,
  hasEntitlement,
  leaveAlone,
  levelsOf,
  parked,
  playerWithKey,
  reconcile,
  recordOf,
  recordOnce,
  workflowOf,
} from '../helpers.ts';
import { type Call, createInterposer, type HeldCall } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide } from '../outcomes.ts';
import { neverTried } from '../paces.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(neverTried(deps)),
    // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
    api: { holdsEarly: false },
    policy: { FULFILLMENT_TIMEOUT_MS: 1_500 },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

const player = () => playerWithKey(laurel);

/** A claim of the event, with something planned for it before it is made. */
async function claimOf(
  { eventId }: StoredEvent,
  plan: (claimId: string) => void = () => {},
): Promise<string> {
  const { token, key, claimId } = await player();
  plan(claimId);
  await laurel.claim(eventId, token, { key });
  return claimId;
}

/** A claim of the event that is held right before its first such call. */
async function heldAt(of: StoredEvent, call: Call): Promise<HeldCall & { claimId: string }> {
  const { token, key, claimId } = await player();
  const held = interposer.hold(call, claimId);
  await laurel.claim(of.eventId, token, { key });
  await held.reached;
  return { ...held, claimId };
}

/** Lets a call of the first run arrive after the claim has ended; it must change nothing. */
async function arrivesLate({ claimId, open, done }: HeldCall & { claimId: string }) {
  const before = await recordOf(laurel, claimId);
  open();
  await done;
  await reconcile(laurel);
  assert.deepEqual(await recordOf(laurel, claimId), before);
}

const GRANTED = { stock: 10, available: 9, held: 0, granted: 1 };
const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };

/** Checks the claim's end and all that it may have left: stock, entitlement, line, grant. */
async function assertEnd(of: StoredEvent, claimId: string, end: string): Promise<void> {
  assert.equal(endOf(await ended(laurel, claimId)), end);
  const isGranted = end === 'GRANTED';
  assert.deepEqual(await levelsOf(laurel, of), isGranted ? GRANTED : UNTOUCHED);
  assert.equal(await hasEntitlement(laurel, claimId), isGranted);
  const { lines } = await recordOf(laurel, claimId);
  assert.equal(lines[0]?.state === 'GRANTED', isGranted, `its line is ${lines[0]?.state}`);
  if (isMailbox(of.fulfillment.provider)) return;
  const given = givenBy(laurel, claimId)?.state;
  assert.equal(given === 'GRANTED', isGranted, `the provider says ${given}`);
}

/** An admin terminates the claim's run; then reconciliation makes a pass. */
async function terminated(claimId: string): Promise<void> {
  await workflowOf(laurel, await recordOf(laurel, claimId)).terminate('by mistake');
  await leaveAlone(laurel, claimId);
  await reconcile(laurel);
}

describe('a claim’s fate', { concurrency: true }, () => {
  describe('a new run goes on from the record', { concurrency: true }, () => {
    const forward: { where: string; call: Call }[] = [
      { where: 'before its stock was held', call: 'stock.reserve' },
      { where: 'before fulfillment was begun', call: 'claims.startFulfilling' },
      { where: 'before the reward was given', call: 'provider.grant' },
      { where: 'before it was decided to grant', call: 'claims.takeGrantFate' },
      { where: 'before its hold was settled', call: 'stock.settle' },
      { where: 'before it was final', call: 'claims.grant' },
    ];
    for (const { where, call } of forward) {
      it(`and grants once, where the first was terminated ${where}`, async () => {
        const open = await gameEvent(laurel);
        const first = await heldAt(open, call);
        await terminated(first.claimId);
        await assertEnd(open, first.claimId, 'GRANTED');
        await arrivesLate(first);
        await assertEnd(open, first.claimId, 'GRANTED');
      });
    }

    const back: { where: string; call: Call }[] = [
      { where: 'before it was decided to undo', call: 'claims.takeUndoFate' },
      { where: 'before the reward was taken back', call: 'provider.revoke' },
      { where: 'before its hold was released', call: 'stock.release' },
      { where: 'before it was final', call: 'claims.finishUndone' },
    ];
    for (const { where, call } of back) {
      it(`and undoes once, where the first was terminated ${where}`, async () => {
        const open = await gameEvent(laurel);
        laurel.game.rules.add({ do: 'refuse', eventId: open.eventId });
        const first = await heldAt(open, call);
        await terminated(first.claimId);
        await assertEnd(open, first.claimId, 'FAILED / FULFILLMENT_REFUSED');
        await arrivesLate(first);
        await assertEnd(open, first.claimId, 'FAILED / FULFILLMENT_REFUSED');
      });
    }

    it('and two runs at once come to one end', async () => {
      const open = await event(laurel);
      const { claimId, ...first } = await heldAt(open, 'claims.takeGrantFate');
      const { userId } = await recordOf(laurel, claimId);
      const args = [{ claimId, userId, eventId: open.eventId }];
      const twin = { workflowId: uniqueName('twin'), taskQueue: CLAIM_QUEUE, args };
      const outcome = await laurel.client.workflow.execute(CLAIM_WORKFLOW, twin);
      assert.equal(outcome.state, 'GRANTED');
      first.open();
      const own = await workflowOf(laurel, await recordOf(laurel, claimId)).result();
      assert.deepEqual([own.state, own.reason], ['GRANTED', null]);
      await assertEnd(open, claimId, 'GRANTED');
    });
  });

  describe('of two that would decide it', { concurrency: true }, () => {
    it('the one who would grant follows the one who undid', async () => {
      const open = await gameEvent(laurel);
      const claimId = await claimOf(open, (id) =>
        interposer.next('claims.takeGrantFate', id, async (proceed) => {
          const claim = await recordOf(laurel, id);
          await laurel.store.claims.takeUndoFate(claim, 'USER_NOT_ACTIVE', claim.steps);
          return await proceed();
        }),
      );
      await assertEnd(open, claimId, 'FAILED / USER_NOT_ACTIVE');
      assert.deepEqual(givenBy(laurel, claimId), { state: 'REVOKED', applied: 1 });
    });

    it('the one who would undo follows the one who granted', async () => {
      const open = await gameEvent(laurel);
      laurel.game.rules.add({ do: 'dropAfterGrant', eventId: open.eventId });
      laurel.game.rules.add({ do: 'fail', on: ['lookup'], eventId: open.eventId, times: 2 });
      const claimId = await claimOf(open);
      await parked(laurel, claimId);
      interposer.next('claims.takeUndoFate', claimId, async (proceed) => {
        const claim = await recordOf(laurel, claimId);
        await laurel.store.claims.unpark(claim, 1, true);
        await laurel.store.claims.takeGrantFate(claim, claim.lines, claim.steps);
        return await proceed();
      });
      await decide(laurel, claimId, 'abort');
      await recordOnce(laurel, claimId, (claim) => claim.state === 'GRANTED');
      assert.deepEqual(await levelsOf(laurel, open), GRANTED);
      assert.deepEqual(givenBy(laurel, claimId), { state: 'GRANTED', applied: 1 });
    });
  });

  describe('once it is decided to grant', { concurrency: true }, () => {
    it('neither a ban nor a new run nor reconciliation turns back', async () => {
      const open = await event(laurel);
      const { claimId, ...first } = await heldAt(open, 'stock.settle');
      const { userId } = await recordOf(laurel, claimId);
      await laurel.store.users.model.updateOne({ _id: userId }, { status: 'BANNED' });
      await terminated(claimId);
      await assertEnd(open, claimId, 'GRANTED');
      first.open();
    });
  });

  describe('a run begins by reading its record', { concurrency: true }, () => {
    /** Starts one more run of the claim, whatever became of the earlier ones, and answers its outcome. */
    async function runAgain({ _id, userId, eventId }: Claim): Promise<ClaimOutcome> {
      return await laurel.client.workflow.execute(CLAIM_WORKFLOW, {
        workflowId: uniqueName('again'),
        taskQueue: CLAIM_QUEUE,
        args: [{ claimId: _id, userId, eventId }],
      });
    }

    const ends: {
      does: string;
      end: string;
      reason: Reason | null;
      prepare: (eventId: string) => unknown;
      asks: string[];
    }[] = [
      {
        does: 'does nothing at all where that is GRANTED',
        end: 'GRANTED',
        reason: null,
        prepare: () => {},
        asks: [],
      },
      {
        does: 'only takes back what an earlier run may have asked for where that is FAILED',
        end: 'FAILED',
        reason: 'FULFILLMENT_REFUSED',
        prepare: (eventId) => laurel.game.rules.add({ do: 'refuse', eventId }),
        asks: ['revoke'],
      },
    ];
    for (const { does, end, reason, prepare, asks } of ends) {
      it(`and ${does}`, async () => {
        const { eventId } = await gameEvent(laurel);
        prepare(eventId);
        const { token, key, claimId } = await player();
        await laurel.claim(eventId, token, { key, waitS: 30 });
        const before = await recordOf(laurel, claimId);
        const calls = callsAbout(laurel, claimId);
        const levels = await levelsOf(laurel, { eventId });
        const { steps: _, ...outcome } = await runAgain(before);
        assert.deepEqual(outcome, { claimId, state: end, reason });
        assert.deepEqual(await recordOf(laurel, claimId), before);
        assert.deepEqual(callsAbout(laurel, claimId), [...calls, ...asks]);
        assert.deepEqual(await levelsOf(laurel, { eventId }), levels);
      });
    }
  });

  describe('a run whose first task was executed twice', { concurrency: true }, () => {
    for (const isWritten of [true, false]) {
      const how = isWritten ? 'as the record says' : 'and nobody wrote down that it was asked for';
      it(`revokes what its twin was granted, ${how}`, async () => {
        let given = 'NEVER_SEEN';
        const { eventId } = await gameEvent(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
        const { token, key, claimId } = await player();
        interposer.next('provider.revoke', claimId, async () => {
          given = 'REVOKED';
          return { state: 'REVOKED' };
        });
        // The twin holds the last unit and is granted. This run still sees what was true a moment
        // before: sold out.
        interposer.next('stock.reserve', claimId, async () => {
          const { stock, claims } = laurel.store;
          const hold = { holdId: `${claimId}:cape`, eventId, rewardId: 'cape' };
          assert.equal(await stock.reserve({ ...hold, quantity: 1, buckets: 1 }), 'HELD');
          const claim = await recordOf(laurel, claimId);
          if (isWritten) assert.ok(await claims.startFulfilling(claim, withSteps(claim.steps, [])));
          given = 'GRANTED';
          return 'SOLD_OUT';
        });
        await laurel.claim(eventId, token, { key });
        assert.equal(endOf(await ended(laurel, claimId)), 'REJECTED / SOLD_OUT');
        assert.equal(given, 'REVOKED', 'nothing of an undone claim stays with the player');
        assert.deepEqual(await levelsOf(laurel, { eventId }), {
          ...{ stock: 1, available: 1, held: 0, granted: 0 },
        });
      });
    }
  });
});
