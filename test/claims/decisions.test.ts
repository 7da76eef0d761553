/** Decisions on parked claims: on the record first, one for each parking, by an admin (rule 9). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { ROLES } from '../../domain/user.ts';
import { claimAtGame, type Rule } from '../game-claims.ts';
import {
  atRest,
  ended,
  endOf,
  event,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
} from '../helpers.ts';
import { createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED_BY_GAME, outcomeOf } from '../outcomes.ts';

/** Attempts that fail until the claim is parked, so many times over. */
const failing = (parkings: number): Rule => ({ do: 'fail', times: 3 * parkings });

/** Claims whose runs cannot be signalled. */
const unreachable = new Set<string>();
/** The decision on the claim's record when its run was first signalled. */
const onRecord = new Map<string, string | undefined>();
const interposer = createInterposer();

let laurel: Laurel;
let admin: { id: string; token: string };
before(async () => {
  laurel = await startLaurel({
    activities: interposer.around,
    firstTries: false,
    api: {
      runs: {
        async wake(claim, signal) {
          const { parking } = await recordOf(laurel, claim._id);
          if (!onRecord.has(claim._id)) onRecord.set(claim._id, parking?.decision?.action);
          if (unreachable.has(claim._id)) throw new Error('UNAVAILABLE');
          return await laurel.runs.wake(claim, signal);
        },
      },
    },
  });
  admin = await laurel.signIn('ADMIN');
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

/** The body and the verb may be ones that the API refuses. */
async function decide(claimId: string, verb: string, body?: unknown, token = admin.token) {
  const path = `/api/event-claims/${claimId}/${verb}`;
  const sent = body === undefined ? { token } : { token, body };
  const answer = await laurel.call<ClaimBody & { code?: string }>('POST', path, sent);
  return { ...answer, said: `${answer.status} ${answer.body.code ?? answer.body.state}` };
}

/** A parked claim, of which no decision reaches its run. */
async function unreachableClaim() {
  const { claimId } = await claimAtGame(laurel, [failing(1)]);
  const claim = await parked(laurel, claimId);
  // After it is parked, its run looks at the record once more: it would see a decision.
  await atRest(laurel, claim);
  unreachable.add(claimId);
  return claimId;
}

describe('decisions', { concurrency: true }, () => {
  describe('a decision on a parked claim', { concurrency: true }, () => {
    it('is answered with the claim, about to go on, and is on its record before its run is told', async () => {
      const { claimId } = await claimAtGame(laurel, [failing(1)]);
      await parked(laurel, claimId);
      const { said, body } = await decide(claimId, 'retry', { note: 'the game is back' });
      assert.equal(said, '202 NEEDS_ATTENTION');
      assert.equal(body.claimId, claimId);
      assert.equal(onRecord.get(claimId), 'RETRY');
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
      const { at, ...decision } = (await recordOf(laurel, claimId)).parking?.decision ?? {};
      assert.ok(at instanceof Date);
      assert.deepEqual(decision, { action: 'RETRY', note: 'the game is back', by: admin.id });
    });

    it('needs no note and no body', async () => {
      for (const body of [undefined, {}]) {
        const { claimId } = await claimAtGame(laurel, [failing(1)]);
        await parked(laurel, claimId);
        assert.equal((await decide(claimId, 'abort', body)).status, 202);
      }
    });

    it('is an admin’s alone', async () => {
      const claimId = await unreachableClaim();
      const before = await recordOf(laurel, claimId);
      for (const role of ROLES.filter((r) => r !== 'ADMIN')) {
        const { token } = await laurel.signIn(role);
        for (const verb of ['retry', 'abort']) {
          assert.equal((await decide(claimId, verb, {}, token)).said, '403 forbidden');
        }
      }
      assert.equal((await decide(claimId, 'abort', {}, 'garbage')).status, 401);
      assert.deepEqual(await recordOf(laurel, claimId), before);
    });

    it('made twice changes nothing the second time', async () => {
      const claimId = await unreachableClaim();
      await decide(claimId, 'retry', { note: 'first' });
      const before = await recordOf(laurel, claimId);
      assert.equal(
        (await decide(claimId, 'retry', { note: 'second' })).said,
        '202 NEEDS_ATTENTION',
      );
      assert.deepEqual(await recordOf(laurel, claimId), before);
    });

    it('is not turned into another one', async () => {
      const claimId = await unreachableClaim();
      await decide(claimId, 'retry');
      assert.equal((await decide(claimId, 'abort')).said, '409 invalid_transition');
      assert.equal((await recordOf(laurel, claimId)).parking?.decision?.action, 'RETRY');
    });

    it('of many admins at once is the one that came first', async () => {
      const claimId = await unreachableClaim();
      const verbs = ['retry', 'abort', 'retry', 'abort', 'retry', 'abort'];
      const answers = await Promise.all(verbs.map((verb) => decide(claimId, verb)));
      const decision = (await recordOf(laurel, claimId)).parking?.decision?.action;
      const said = answers.map((answer) => answer.said);
      const expected = verbs.map((verb) =>
        verb.toUpperCase() === decision ? '202 NEEDS_ATTENTION' : '409 invalid_transition',
      );
      assert.deepEqual(said, expected);
    });

    it('of an earlier parking does not count for a later one', async () => {
      const { claimId } = await claimAtGame(laurel, [failing(2)]);
      const first = await parked(laurel, claimId, 1);
      await decide(claimId, 'retry');
      const again = await parked(laurel, claimId, 2);
      // The second click of a page that still shows the first parking, at the store, where it is told.
      const staff = { actor: { userId: admin.id, role: 'ADMIN' as const }, requestId: 'test' };
      const number = first.parking?.number ?? 0;
      const stale = await laurel.store.claims.decide(staff, first, number, {
        action: 'ABORT',
        note: null,
      });
      assert.equal(stale, null);
      assert.equal((await recordOf(laurel, claimId)).parking?.decision, null);
      // A signal says nothing by itself: the run reads that nobody has decided, and waits on.
      await laurel.runs.wake(again, 'decided');
      assert.equal((await decide(claimId, 'retry')).status, 202);
      assert.deepEqual(await outcomeOf(laurel, claimId), GRANTED_BY_GAME);
    });

    it('of abort is not passed over for a callback that came before it', async () => {
      const { claimId } = await claimAtGame(laurel, [failing(1)]);
      const claim = await parked(laurel, claimId);
      let said = '';
      interposer.next('claims.unpark', claimId, async (proceed) => {
        said = (await decide(claimId, 'abort')).said;
        return await proceed();
      });
      // The game is up again: without the decision the claim would be granted.
      await laurel.runs.wake(claim, 'providerCallback');
      assert.equal(endOf(await ended(laurel, claimId)), 'FAILED / ABORTED_BY_ADMIN');
      assert.equal(said, '202 NEEDS_ATTENTION');
    });
  });

  describe('a claim that is not parked', { concurrency: true }, () => {
    it('cannot be decided on while it runs', async () => {
      const { claimId, grantId } = await claimAtGame(laurel, [{ do: 'pending' }]);
      for (const verb of ['retry', 'abort']) {
        assert.equal((await decide(claimId, verb)).said, '409 invalid_transition');
      }
      laurel.game.settle(grantId, 'GRANTED');
    });

    it('cannot be decided on once it is final', async () => {
      const { eventId } = await event(laurel);
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token, { waitS: 30 })).body;
      const before = await recordOf(laurel, claimId);
      for (const verb of ['retry', 'abort']) {
        assert.equal((await decide(claimId, verb)).said, '409 invalid_transition');
      }
      assert.deepEqual(await recordOf(laurel, claimId), before);
    });

    it('that went on after a decision does not take a second click', async () => {
      const { claimId } = await claimAtGame(laurel, [failing(1)]);
      await parked(laurel, claimId);
      await decide(claimId, 'retry');
      await outcomeOf(laurel, claimId);
      assert.equal((await decide(claimId, 'retry')).said, '409 invalid_transition');
    });

    it('and does not exist is not found, whatever its ID', async () => {
      for (const id of ['clm_1', '%00', '%', '{"$gt":""}', 'x'.repeat(5_000)]) {
        assert.equal((await decide(id, 'retry')).said, '404 not_found', id.slice(0, 20));
      }
    });
  });

  describe('a decision that makes no sense', () => {
    it('is refused, and the claim stays as it is', async () => {
      const claimId = await unreachableClaim();
      const before = await recordOf(laurel, claimId);
      const bodies = [
        ...[{ unknown: 1 }, { note: 'a', by: 'me' }, [], 'note', 7, null],
        ...[7, null, true, [], {}, { $gt: '' }, 'x'.repeat(1_001)].map((note) => ({ note })),
      ];
      for (const verb of ['retry', 'abort']) {
        for (const body of bodies) {
          const { said } = await decide(claimId, verb, body);
          assert.equal(said, '400 invalid_request', JSON.stringify(body).slice(0, 40));
        }
      }
      assert.deepEqual(await recordOf(laurel, claimId), before);
    });
  });
});

// By itself, as a pass also sends the decisions that other tests keep from their runs.
describe('a decision that its run was not told', () => {
  it('counts, is the first one still, and is sent by reconciliation', async () => {
    for (const [verb, other, end] of [
      ['retry', 'abort', 'GRANTED'],
      ['abort', 'retry', 'FAILED / ABORTED_BY_ADMIN'],
    ] as const) {
      const claimId = await unreachableClaim();
      assert.equal((await decide(claimId, verb)).status, 202);
      assert.equal((await decide(claimId, other)).said, '409 invalid_transition');
      assert.equal((await recordOf(laurel, claimId)).state, 'NEEDS_ATTENTION');
      await leaveAlone(laurel, claimId);
      const { decisionsSent } = await reconcile(laurel);
      assert.ok(decisionsSent >= 1);
      assert.equal(endOf(await ended(laurel, claimId)), end);
    }
  });
});
