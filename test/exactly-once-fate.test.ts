/** "How a claim stays exactly-once": new runs, the point of no return, the way back (rules 2, 6, 7 and 8). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isMailbox } from '../domain/claims/fulfillment.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import type { StoredEvent } from '../store/events/events.ts';
import { CLAIM_QUEUE, CLAIM_WORKFLOW } from '../workflows/contract.ts';
import {
  booksOf,
  CAPE,
  cancelHeard,
  ended,
  event,
  gameEvent,
  givenBy,
  hasEntitlement,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
  recordOnce,
  runClosed,
  workflowOf,
} from './helpers.ts';
import { type Call, createInterposer, type HeldCall } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide } from './outcomes.ts';
import { neverTried } from './paces.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(neverTried(deps)),
    // What a run does by itself: the hold before it is the flash test's.
    api: { holdsEarly: false },
    policy: { FULFILLMENT_TIMEOUT_MS: 1_500 },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

async function player() {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  return { token, key, claimId: claimIdOf(id, key) };
}

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

/** Lets a first run's call, under way since before the claim ended, arrive at last. */
async function arrivesLate({ claimId, open, done }: HeldCall & { claimId: string }) {
  const before = await recordOf(laurel, claimId);
  open();
  await done;
  await reconcile(laurel);
  assert.deepEqual(await recordOf(laurel, claimId), before);
}

const endOf = ({ state, reason }: Claim) => (reason === null ? state : `${state} / ${reason}`);

const GRANTED = { stock: 10, available: 9, held: 0, granted: 1 };
const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };

/** Everything that a claim which ended so may have left behind, looked at. */
async function assertEnd(of: StoredEvent, claimId: string, end: string): Promise<void> {
  assert.equal(endOf(await ended(laurel, claimId)), end);
  const isGranted = end === 'GRANTED';
  assert.deepEqual(await booksOf(laurel, of), isGranted ? GRANTED : UNTOUCHED);
  assert.equal(await hasEntitlement(laurel, claimId), isGranted);
  const { lines } = await recordOf(laurel, claimId);
  assert.equal(lines[0]?.state === 'GRANTED', isGranted, `its line is ${lines[0]?.state}`);
  if (isMailbox(of.fulfillment.provider)) return;
  const given = givenBy(laurel, claimId)?.state;
  assert.equal(given === 'GRANTED', isGranted, `the provider says ${given}`);
}

/** An admin terminates the claim's run, and reconciliation comes by. */
async function terminated(claimId: string): Promise<void> {
  await workflowOf(laurel, await recordOf(laurel, claimId)).terminate('by mistake');
  await leaveAlone(laurel, claimId);
  await reconcile(laurel);
}

describe('exactly once: fate', { concurrency: true }, () => {
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

    it('and waits where the record says it is parked, for the very decision that comes', async () => {
      const open = await gameEvent(laurel);
      const { eventId } = open;
      laurel.game.rules.add([
        { do: 'dropAfterGrant', eventId },
        { do: 'fail', on: ['lookup'], eventId, times: 2 },
      ]);
      const claimId = await claimOf(open);
      await parked(laurel, claimId);
      await terminated(claimId);
      assert.equal((await recordOf(laurel, claimId)).state, 'NEEDS_ATTENTION');
      await decide(laurel, claimId, 'retry');
      await assertEnd(open, claimId, 'GRANTED');
      assert.equal(givenBy(laurel, claimId)?.applied, 1);
    });

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
      assert.deepEqual(await booksOf(laurel, open), GRANTED);
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

  describe('the way back', { concurrency: true }, () => {
    it('takes back the reward, then the stock, then gives the entitlement back with its end', async () => {
      const open = await gameEvent(laurel);
      laurel.game.rules.add({ do: 'refuse', eventId: open.eventId });
      const order: string[] = [];
      const claimId = await claimOf(open, (id) => {
        for (const call of ['provider.revoke', 'stock.release', 'claims.finishUndone'] as const) {
          interposer.next(call, id, async (proceed) => {
            const { fate, state, entitlements } = await recordOf(laurel, id);
            order.push(`${call}: ${state}, fate ${fate}, ${entitlements?.length} entitlement`);
            return await proceed();
          });
        }
      });
      assert.equal((await ended(laurel, claimId)).entitlements, undefined);
      assert.deepEqual(order, [
        'provider.revoke: COMPENSATING, fate UNDO, 1 entitlement',
        'stock.release: COMPENSATING, fate UNDO, 1 entitlement',
        'claims.finishUndone: COMPENSATING, fate UNDO, 1 entitlement',
      ]);
    });

    it('takes back what a step did before it failed halfway', async () => {
      const [cape, hat] = [CAPE, { ...CAPE, rewardId: 'hat' }];
      const open = await event(laurel, { rewards: [cape, hat] });
      const claimId = await claimOf(open, (id) =>
        interposer.next('stock.reserve', id, async (proceed) => {
          // Between the two holds of this claim others take the last hat.
          const books = { available: 0, granted: 10 };
          const hats = { eventId: open.eventId, rewardId: 'hat' };
          await laurel.store.stock.model.updateOne(hats, books);
          return await proceed();
        }),
      );
      await assertEnd(open, claimId, 'REJECTED / SOLD_OUT');
    });

    it('is not left for a cancellation in the Web UI', async () => {
      const open = await gameEvent(laurel);
      const { eventId } = open;
      laurel.game.rules.add([
        { do: 'refuse', eventId },
        { do: 'fail', on: ['revoke'], eventId, times: 2 },
      ]);
      const { claimId, open: goOn } = await heldAt(open, 'provider.revoke');
      const claim = await recordOf(laurel, claimId);
      await workflowOf(laurel, claim).cancel();
      await cancelHeard(laurel, claim);
      goOn();
      await assertEnd(open, claimId, 'FAILED / FULFILLMENT_REFUSED');
      assert.equal(await runClosed(laurel, claim), 'CANCELLED');
    });

    it('goes on for as long as our own database takes', async () => {
      const open = await gameEvent(laurel);
      laurel.game.rules.add({ do: 'refuse', eventId: open.eventId });
      let left = 5;
      const claimId = await claimOf(open, (id) => {
        const fail = async () => {
          left -= 1;
          if (left > 0) interposer.next('stock.release', id, fail);
          throw new Error('the database is away');
        };
        interposer.next('stock.release', id, fail);
      });
      await assertEnd(open, claimId, 'FAILED / FULFILLMENT_REFUSED');
      assert.equal(left, 0);
    });
  });
});
