import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answered, asked, claimAtGame, MOUNT, type Rule, requestsFor } from './game-claims.ts';
import {
  CAPE,
  hasEntitlement,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
  workflowOf,
} from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide, leaves, outcomeOf, sumOf, told, undoneSteps } from './outcomes.ts';

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ policy: { FULFILLMENT_TIMEOUT_MS: 2_000 } });
});
after(() => laurel.stop());

/** The cape is granted, the mount refused: the cape is to be taken back. */
async function claimToUndo(...rules: Rule[]) {
  const all: Rule[] = [{ do: 'refuse', lineId: 'mount', delayMs: 100 }, ...rules];
  return await claimAtGame(laurel, all, { rewards: [CAPE, MOUNT] });
}

const UNDONE = {
  end: 'FAILED / FULFILLMENT_REFUSED',
  steps: undoneSteps('REFUSED'),
  lines: { cape: 'REVOKED', mount: 'REVOKED' },
  given: { cape: 'REVOKED ×1', mount: 'REFUSED ×0' },
  isEntitled: false,
  books: { cape: '10 = 10 + 0 + 0', mount: '10 = 10 + 0 + 0' },
};

const revokesOf = (claimId: string) =>
  requestsFor(laurel, claimId).filter((r) => r.verb === 'revoke');

describe('undoing', { concurrency: true }, () => {
  describe('a revoke that fails', { concurrency: true }, () => {
    it('is tried until it is done, with everything else kept until then', async () => {
      const { claimId, eventId } = await claimToUndo({
        do: 'fail',
        on: ['revoke'],
        lineId: 'cape',
        times: 5,
      });
      await asked(laurel, claimId, 'revoke', { times: 4 });
      const claim = await recordOf(laurel, claimId);
      assert.deepEqual([claim.state, claim.reason], ['COMPENSATING', 'FULFILLMENT_REFUSED']);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');
      assert.equal(await hasEntitlement(laurel, claimId), true);

      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
      assert.equal(revokesOf(claimId).length, 6);
      const undo = (await recordOf(laurel, claimId)).steps.find((s) => s.step === 'UNDO_FULFIL');
      assert.equal(undo?.attempts, 6);
    });

    it('without an answer is sent again', async () => {
      const lost: Rule = { do: 'dropAfterGrant', on: ['revoke'], lineId: 'cape', times: 2 };
      const { claimId } = await claimToUndo(lost);
      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
      assert.equal(revokesOf(claimId).length, 3);
    });

    it('waits as long as the provider says', async () => {
      const later: Rule = {
        do: 'fail',
        status: 429,
        retryAfter: '2',
        on: ['revoke'],
        lineId: 'cape',
        times: 1,
      };
      const { claimId } = await claimToUndo(later);
      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
      const [first, second] = revokesOf(claimId);
      assert.ok(first && second && second.atMs - first.atMs >= 2_000);
    });
  });

  describe('a revoke that is refused for good', { concurrency: true }, () => {
    /** For as often as these; then the provider has changed its mind. */
    const refusing = (times: number): Rule => ({ do: 'refuseRevoke', lineId: 'cape', times });

    it('parks the claim, with everything kept', async () => {
      const { claimId, eventId } = await claimToUndo(refusing(1));
      const claim = await parked(laurel, claimId);
      assert.equal(claim.reason, 'COMPENSATION_FAILED');
      assert.deepEqual(told(claim).slice(-2), ['S4_FULFIL REFUSED', 'UNDO_FULFIL PARKED']);
      assert.match(claim.steps.at(-1)?.detail ?? '', /cape.*409/);
      assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');
      assert.equal(await sumOf(laurel, { eventId }, 'mount'), '10 = 9 + 1 + 0');
      assert.equal(await hasEntitlement(laurel, claimId), true);
      assert.equal((await workflowOf(laurel, claim).describe()).status.name, 'RUNNING');
    });

    it('and given up on stays granted and counted, the entitlement taken', async () => {
      const { claimId, eventId, token } = await claimToUndo(refusing(9));
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      const kept = {
        end: 'FAILED / COMPENSATION_FAILED',
        steps: [
          ...undoneSteps('REFUSED').slice(0, -3),
          'UNDO_FULFIL FAILED',
          'UNDO_RESERVE OK',
          'UNDO_ENTITLEMENT SKIPPED',
        ],
        lines: { cape: 'GRANTED', mount: 'REVOKED' },
        given: { cape: 'GRANTED ×1', mount: 'REFUSED ×0' },
        isEntitled: true,
        books: { cape: '10 = 9 + 0 + 1', mount: '10 = 10 + 0 + 0' },
      };
      assert.deepEqual(await outcomeOf(laurel, claimId), kept);

      const again = await laurel.claim(eventId, token);
      assert.deepEqual([again.status, Reflect.get(again.body, 'code')], [409, 'already_claimed']);
      const grants = await laurel.call<{ items: { grantId: string }[] }>('GET', '/api/grants', {
        token,
      });
      assert.deepEqual(
        grants.body.items.map((g) => g.grantId),
        [`${claimId}:cape`],
      );
      // Reconciliation frees what undone claims left behind; this was not left, it was kept.
      await reconcile(laurel);
      assert.deepEqual(await outcomeOf(laurel, claimId), kept);
    });

    it('and asked for again, after the provider has changed its mind, is undone', async () => {
      const { claimId } = await claimToUndo(refusing(1));
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
    });

    it('again is parked again, each time for a new decision', async () => {
      const { claimId } = await claimToUndo(refusing(2));
      await parked(laurel, claimId, 1);
      await decide(laurel, claimId, 'retry');
      assert.equal((await parked(laurel, claimId, 2)).reason, 'COMPENSATION_FAILED');
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
    });

    it('is not asked for by a callback, nor given up because the player leaves', async () => {
      const { claimId, id, grantId } = await claimToUndo(refusing(1));
      await parked(laurel, claimId);
      const before = await recordOf(laurel, claimId);
      const revokes = revokesOf(claimId).length;
      assert.equal(await laurel.game.sendCallback(grantId), 200);
      await leaves(laurel, id);
      await leaveAlone(laurel, claimId);
      await reconcile(laurel);
      const after = await recordOf(laurel, claimId);
      const { updatedAt, recordedAt } = before;
      assert.deepEqual({ ...after, updatedAt, recordedAt }, before);
      assert.equal(revokesOf(claimId).length, revokes);
      await decide(laurel, claimId, 'retry');
      assert.deepEqual(await outcomeOf(laurel, claimId), UNDONE);
    });

    it('follows a player who left as well: undone for that reason, once it can be', async () => {
      const { claimId, id } = await claimAtGame(laurel, [
        { do: 'dropAfterGrant' },
        { do: 'fail', on: ['lookup'], retryAfter: '60', times: 1 },
        refusing(1),
      ]);
      await answered(laurel, claimId, 'lookup');
      await leaves(laurel, id);
      assert.equal((await parked(laurel, claimId)).reason, 'COMPENSATION_FAILED');
      await decide(laurel, claimId, 'retry');
      const { end, given, books, isEntitled } = await outcomeOf(laurel, claimId);
      assert.deepEqual([end, given.cape], ['FAILED / USER_NOT_ACTIVE', 'REVOKED ×1']);
      assert.deepEqual([books.cape, isEntitled], ['10 = 10 + 0 + 0', false]);
    });
  });
});
