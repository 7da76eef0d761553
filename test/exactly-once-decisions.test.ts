/** "How a claim stays exactly-once": decisions, streams and waits (rules 9 and 12). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nextChange } from '../api/claims/wait.ts';
import type { ClaimChanges } from '../store/claims/claim-changes.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import type { RunOf } from '../temporal/runs.ts';
import type { ClaimSignal } from '../workflows/contract.ts';
import {
  atRest,
  ended,
  event,
  gameEvent,
  leastMs,
  leaveAlone,
  parked,
  reconcile,
  recordOf,
} from './helpers.ts';
import { createInterposer } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide } from './outcomes.ts';
import { neverTried } from './paces.ts';
import { uniqueName } from './servers.ts';

let laurel: Laurel;
const interposer = createInterposer();
/** Claims that no signal of the API reaches. */
const unreachable = new Set<string>();
/** What stood on the record when the API first signalled a claim. */
const onRecord = new Map<string, string | undefined>();
/** A change stream that never says a word. */
const deaf: ClaimChanges = {
  subscribe: () => () => {},
  endWaits: () => {},
  isEnding: () => false,
  close: async () => {},
};

before(async () => {
  const runs = {
    async wake(claim: RunOf, signal: ClaimSignal) {
      const { parking } = await recordOf(laurel, claim._id);
      if (!onRecord.has(claim._id)) onRecord.set(claim._id, parking?.decision?.action);
      if (unreachable.has(claim._id)) throw new Error('14 UNAVAILABLE');
      return await laurel.runs.wake(claim, signal);
    },
  };
  laurel = await startLaurel({
    activities: (deps) => interposer.around(neverTried(deps)),
    api: { runs: runs as Laurel['runs'], changes: deaf },
  });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
});

/** A claim parked in S4, as the game fails that many calls. */
async function parkedClaim(times: number): Promise<Claim> {
  const { eventId } = await gameEvent(laurel);
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  laurel.game.rules.add({ do: 'fail', on: ['grant', 'lookup'], eventId, times });
  await laurel.claim(eventId, token, { key });
  const claim = await parked(laurel, claimIdOf(id, key));
  // It reads what was decided once more after it is parked.
  await atRest(laurel, claim);
  return claim;
}

const POLICY_ATTEMPTS = 3;

describe('exactly once: decisions and waits', { concurrency: true }, () => {
  describe('a decision on a parked claim', { concurrency: true }, () => {
    it('is on the record before its run is told', async () => {
      const { _id } = await parkedClaim(POLICY_ATTEMPTS);
      await decide(laurel, _id, 'retry');
      assert.equal(onRecord.get(_id), 'RETRY');
      assert.equal((await ended(laurel, _id)).state, 'GRANTED');
    });

    it('that its run was never told of is sent by reconciliation', async () => {
      const { _id } = await parkedClaim(POLICY_ATTEMPTS);
      unreachable.add(_id);
      await decide(laurel, _id, 'abort');
      assert.equal((await recordOf(laurel, _id)).parking?.decision?.action, 'ABORT');
      await leaveAlone(laurel, _id);
      const { decisionsSent } = await reconcile(laurel);
      assert.ok(decisionsSent >= 1);
      assert.equal((await ended(laurel, _id)).reason, 'ABORTED_BY_ADMIN');
    });

    it('is the first one: a second click, come late, changes nothing', async () => {
      const { _id } = await parkedClaim(POLICY_ATTEMPTS);
      const { token } = await laurel.signIn('ADMIN');
      unreachable.add(_id);
      await decide(laurel, _id, 'retry');
      const late = await laurel.call('POST', `/api/event-claims/${_id}/abort`, { token });
      assert.deepEqual([late.status, late.body.code], [409, 'invalid_transition']);
      assert.equal((await recordOf(laurel, _id)).parking?.decision?.action, 'RETRY');
      await leaveAlone(laurel, _id);
      await reconcile(laurel);
      assert.equal((await ended(laurel, _id)).state, 'GRANTED');
    });

    it('is about that parking: the next one waits for a word of its own', async () => {
      const { _id } = await parkedClaim(2 * POLICY_ATTEMPTS);
      await decide(laurel, _id, 'retry');
      const again = await parked(laurel, _id, 2);
      assert.equal(again.parking?.decision, null);
      const stale = await laurel.store.claims.decide(
        { actor: { userId: 'usr_1', role: 'ADMIN' }, requestId: 'stale' },
        again,
        1,
        { action: 'ABORT', note: null },
      );
      assert.equal(stale, null);
      // A signal says nothing by itself: the run reads that nobody has decided, and waits on.
      await laurel.runs.wake(again, 'decided');
      await decide(laurel, _id, 'retry');
      assert.equal((await ended(laurel, _id)).state, 'GRANTED');
    });
  });

  describe('whoever waits for a claim', { concurrency: true }, () => {
    const at = (version: number) => ({ version }) as Claim;

    /** A claim that changes at a chosen moment of somebody's waiting. */
    function changing() {
      const state = { version: 1, isSubscribed: false, onChange: () => {} };
      const changes: ClaimChanges = {
        subscribe(_claimId, onChange) {
          Object.assign(state, { isSubscribed: true, onChange });
          return () => {};
        },
        endWaits: () => {},
        isEnding: () => false,
        close: async () => {},
      };
      const change = () => {
        state.version += 1;
        state.onChange();
      };
      return { state, changes, change };
    }

    const patience = () => ({
      timeoutMs: 3_000,
      signal: new AbortController().signal,
      isEnough: (claim: Claim) => claim.version > 1,
    });

    it('has subscribed before the claim is read', async () => {
      const { state, changes } = changing();
      const read = async () => {
        assert.ok(state.isSubscribed, 'a change between reading and subscribing is missed');
        return at(2);
      };
      await nextChange(changes, 'clm_1', read, patience());
    });

    it('hears of a change that comes while the claim is read', async () => {
      const tookMs = await leastMs(async () => {
        const { state, changes, change } = changing();
        const read = async () => {
          const { version } = state;
          if (version === 1) change();
          return at(version);
        };
        const startedMs = performance.now();
        const seen = await nextChange(changes, 'clm_1', read, patience());
        assert.equal(seen?.version, 2);
        return performance.now() - startedMs;
      });
      assert.ok(tookMs < 1_000, 'it slept over the change');
    });

    it('reads again by itself where the change stream has gone quiet', async () => {
      const { eventId } = await event(laurel);
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      const last = interposer.hold('claims.grant', claimId);
      const startedMs = performance.now();
      const waiting = laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
      await last.reached;
      last.open();
      const { status, body } = await waiting;
      assert.deepEqual([status, body.state], [200, 'GRANTED']);
      assert.ok(performance.now() - startedMs < 20_000, 'it waited to the end of its time');
    });
  });
});
