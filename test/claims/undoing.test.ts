/** Undoing: what is taken back, in which order, for how long, and what is parked (rules 5 and 8). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dataOf } from '../../client/index.ts';
import { ProviderError } from '../../domain/claims/fulfillment.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { answered, asked, claimAtGame, MOUNT, type Rule, requestsFor } from '../game-claims.ts';
import {
  CAPE,
  callsAbout,
  ended,
  endOf,
  gameEvent,
  givenBy,
  hasEntitlement,
  leaveAlone,
  levelsOf,
  parked,
  reconcile,
  recordOf,
  workflowOf,
} from '../helpers.ts';
import { createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, leaves, outcomeOf, stepsOf, sumOf, undoneSteps } from '../outcomes.ts';
import { neverTried } from '../paces.ts';

let laurel: Laurel;
/** A revoke of a grant that this game never saw leaves no trace: the hardest case to undo. */
let forgetful: Laurel;
const interposer = createInterposer();
before(async () => {
  const policy = { FULFILLMENT_TIMEOUT_MS: 2_000 };
  [laurel, forgetful] = await Promise.all([
    startLaurel({ policy }),
    startLaurel({ policy, activities: (deps) => interposer.around(neverTried(deps)) }),
  ]);
  forgetful.game.configure({ tombstones: false });
});
after(async () => {
  interposer.openAll();
  await laurel.stop();
  await forgetful.stop();
});

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
  levels: { cape: '10 = 10 + 0 + 0', mount: '10 = 10 + 0 + 0' },
};

const revokesOf = (claimId: string) =>
  requestsFor(laurel, claimId).filter((r) => r.verb === 'revoke');

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
  /** Refuses so many times; then the provider takes it back. */
  const refusing = (times: number): Rule => ({ do: 'refuseRevoke', lineId: 'cape', times });

  it('parks the claim, with everything kept', async () => {
    const { claimId, eventId } = await claimToUndo(refusing(1));
    const claim = await parked(laurel, claimId);
    assert.equal(claim.reason, 'COMPENSATION_FAILED');
    assert.deepEqual(stepsOf(claim).slice(-2), ['S4_FULFIL REFUSED', 'UNDO_FULFIL PARKED']);
    assert.match(claim.steps.at(-1)?.detail ?? '', /cape.*409/);
    assert.equal(await sumOf(laurel, { eventId }), '10 = 9 + 1 + 0');
    assert.equal(await sumOf(laurel, { eventId }, 'mount'), '10 = 9 + 1 + 0');
    assert.equal(await hasEntitlement(laurel, claimId), true);
    assert.equal((await workflowOf(laurel, claim).describe()).status.name, 'RUNNING');
  });

  it('and given up on stays granted and counted, the entitlement taken', async () => {
    const { claimId, eventId, token } = await claimToUndo(refusing(9));
    await parked(laurel, claimId);
    const revokes = revokesOf(claimId).length;
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
      levels: { cape: '10 = 9 + 0 + 1', mount: '10 = 10 + 0 + 0' },
    };
    assert.deepEqual(await outcomeOf(laurel, claimId), kept);
    assert.equal(revokesOf(claimId).length, revokes, 'it is not asked for again');

    const again = await laurel.claim(eventId, token);
    assert.deepEqual([again.status, Reflect.get(again.body, 'code')], [409, 'already_claimed']);
    const grants = await dataOf(laurel.as(token).GET('/api/grants'));
    assert.deepEqual(
      grants.items.map((g) => g.grantId),
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
    const { end, given, levels, isEntitled } = await outcomeOf(laurel, claimId);
    assert.deepEqual([end, given.cape], ['FAILED / USER_NOT_ACTIVE', 'REVOKED ×1']);
    assert.deepEqual([levels.cape, isEntitled], ['10 = 10 + 0 + 0', false]);
  });
});

/** Such an answer is checked by a lookup before it is believed. */
describe('a revoke that is answered 409', { concurrency: true }, () => {
  const WILL_NOT_REVOKE: Rule = { do: 'refuseRevoke' };

  it('parks no claim whose grant the provider refused: there is nothing to take back', async () => {
    const { claimId } = await claimAtGame(laurel, [{ do: 'refuse' }, WILL_NOT_REVOKE]);
    const { end, lines, isEntitled } = await outcomeOf(laurel, claimId);
    assert.deepEqual(
      { end, lines, isEntitled },
      { end: 'FAILED / FULFILLMENT_REFUSED', lines: { cape: 'REVOKED' }, isEntitled: false },
    );
  });

  it('parks no claim whose grant was revoked before, with the answer lost', async () => {
    const rules: Rule[] = [
      { do: 'refuse', lineId: 'mount', delayMs: 100 },
      { do: 'dropAfterGrant', on: ['revoke'], lineId: 'cape', times: 1 },
      { ...WILL_NOT_REVOKE, lineId: 'cape' } as Rule,
    ];
    const { claimId } = await claimAtGame(laurel, rules, { rewards: [CAPE, MOUNT] });
    const { end, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.equal(end, 'FAILED / FULFILLMENT_REFUSED');
    assert.deepEqual(given, { cape: 'REVOKED ×1', mount: 'REFUSED ×0' });
    assert.equal(isEntitled, false);
  });

  it('is asked again where the provider has not decided whether to give it', async () => {
    const rules: Rule[] = [{ do: 'pending' }, { ...WILL_NOT_REVOKE, times: 2 } as Rule];
    const { claimId } = await claimAtGame(laurel, rules);
    await asked(laurel, claimId, 'grant');
    await workflowOf(laurel, await recordOf(laurel, claimId)).cancel();
    const { end, given, isEntitled } = await outcomeOf(laurel, claimId);
    assert.equal(end, 'FAILED / ABORTED_BY_ADMIN');
    assert.deepEqual([given, isEntitled], [{ cape: 'REVOKED ×0' }, false]);
  });
});

/** A claim of the event, with something planned for it before it is made. */
async function claimOf(eventId: string, plan: (claimId: string) => void): Promise<string> {
  const { id, token } = await forgetful.signIn();
  const claimId = claimIdOf(id, 'mine');
  plan(claimId);
  await forgetful.claim(eventId, token, { key: 'mine' });
  return claimId;
}

const UNTOUCHED = { stock: 10, available: 10, held: 0, granted: 0 };

describe('undoing', { concurrency: true }, () => {
  it('takes back the reward, then the stock, then gives the entitlement back with its end', async () => {
    const { eventId } = await gameEvent(forgetful);
    forgetful.game.rules.add({ do: 'refuse', eventId });
    const order: string[] = [];
    const claimId = await claimOf(eventId, (id) => {
      for (const call of ['provider.revoke', 'stock.release', 'claims.finishUndone'] as const) {
        interposer.next(call, id, async (proceed) => {
          const { fate, state, entitlements } = await recordOf(forgetful, id);
          order.push(`${call}: ${state}, fate ${fate}, ${entitlements?.length} entitlement`);
          return await proceed();
        });
      }
    });
    assert.equal((await ended(forgetful, claimId)).entitlements, undefined);
    assert.deepEqual(order, [
      'provider.revoke: COMPENSATING, fate UNDO, 1 entitlement',
      'stock.release: COMPENSATING, fate UNDO, 1 entitlement',
      'claims.finishUndone: COMPENSATING, fate UNDO, 1 entitlement',
    ]);
  });

  it('goes on for as long as our own database takes', async () => {
    const { eventId } = await gameEvent(forgetful);
    forgetful.game.rules.add({ do: 'refuse', eventId });
    let left = 5;
    const claimId = await claimOf(eventId, (id) => {
      const fail = async () => {
        left -= 1;
        if (left > 0) interposer.next('stock.release', id, fail);
        throw new Error('the database is away');
      };
      interposer.next('stock.release', id, fail);
    });
    assert.equal(endOf(await ended(forgetful, claimId)), 'FAILED / FULFILLMENT_REFUSED');
    assert.deepEqual(await levelsOf(forgetful, { eventId }), UNTOUCHED);
    assert.equal(await hasEntitlement(forgetful, claimId), false);
    assert.equal(left, 0);
  });

  it('waits out a grant that stalled on its way, and asks once more before stock is released', async () => {
    const { eventId } = await gameEvent(forgetful);
    const { id, token } = await forgetful.signIn();
    const claimId = claimIdOf(id, 'mine');
    const grantId = `${claimId}:${CAPE.rewardId}`;
    forgetful.game.rules.add({ do: 'fail', on: ['lookup'], times: 2, grantId });
    let arrive: () => Promise<unknown> = () => assert.fail('the game was never asked');
    interposer.next('provider.grant', claimId, async (proceed) => {
      arrive = proceed;
      throw new ProviderError('UNKNOWN', 'no answer');
    });
    await forgetful.claim(eventId, token, { key: 'mine' });
    await parked(forgetful, claimId);

    let heldMeanwhile = 0;
    interposer.next('provider.revoke', claimId, async (proceed) => {
      const answer = await proceed();
      await arrive();
      assert.deepEqual(givenBy(forgetful, claimId), { state: 'GRANTED', applied: 1 });
      heldMeanwhile = (await levelsOf(forgetful, { eventId })).held;
      return answer;
    });
    await decide(forgetful, claimId, 'abort');
    const claim = await ended(forgetful, claimId);
    assert.deepEqual([claim.state, claim.reason], ['FAILED', 'ABORTED_BY_ADMIN']);
    assert.equal(heldMeanwhile, 1);
    assert.equal(callsAbout(forgetful, claimId).join(' '), 'lookup lookup revoke grant revoke');
    assert.deepEqual(givenBy(forgetful, claimId), { state: 'REVOKED', applied: 1 });
    assert.deepEqual(await levelsOf(forgetful, { eventId }), UNTOUCHED);
  });

  it('parks the claim where the provider will not take it back, and drops nothing silently', async () => {
    const { claimId, eventId } = await claimAtGame(forgetful, [
      { do: 'dropAfterGrant' },
      { do: 'fail', on: ['lookup'], times: 2 },
      { do: 'refuseRevoke', times: 1 },
    ]);
    await parked(forgetful, claimId);
    await decide(forgetful, claimId, 'abort');
    const stuck = await parked(forgetful, claimId, 2);
    assert.deepEqual([stuck.reason, stuck.fate], ['COMPENSATION_FAILED', 'UNDO']);
    assert.equal(await sumOf(forgetful, { eventId }), '10 = 9 + 1 + 0');
    await decide(forgetful, claimId, 'retry');
    assert.equal((await ended(forgetful, claimId)).reason, 'ABORTED_BY_ADMIN');
    assert.equal(await sumOf(forgetful, { eventId }), '10 = 10 + 0 + 0');
  });
});
