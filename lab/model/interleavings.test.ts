import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultName } from './game-faults.ts';
import { outcomes } from './interleavings.ts';
import { observationOf } from './observation.ts';
import type { Operation } from './operations.ts';
import { newWorld } from './random-sequences.ts';
import type { Event, World } from './world.ts';

const EVENT: Event = {
  status: 'ACTIVE',
  provider: 'game',
  selection: 'ALL',
  claimsPerPeriod: 1,
  claimsTotal: null,
  exclusiveGroup: null,
  rewards: [{ rewardId: 'cape', quantity: 1, stock: 1 }],
  isClaimed: false,
};

const claim = (player: string, key: string, fault: FaultName = 'none'): Operation => {
  return { do: 'claim', player, key, event: 'E0', choice: null, fault };
};
const ban: Operation = { do: 'set status', player: 'P0', status: 'BANNED' };
const say = (action: 'RETRY' | 'ABORT'): Operation => ({ do: 'decide', claim: 'P0/k0', action });

/** The world after steps of which each has exactly one outcome. */
function after(steps: readonly Operation[], event: Partial<Event> = {}): World {
  return steps.reduce(
    (world, operation) => {
      const [end, ...others] = outcomes(world, [operation]);
      assert.ok(end && others.length === 0, 'alone, an operation has one outcome');
      return end;
    },
    newWorld({ events: [{ ...EVENT, ...event }] }),
  );
}

/** The outcomes of operations sent at once, one text each: answers, claims and stock levels. */
function atOnce(world: World, ...operations: Operation[]): string[] {
  const ends = outcomes(world, operations).map((end) => {
    const { answers, claims, stock, ledger } = observationOf(end);
    const given = Object.values(ledger).join(' ');
    const states = Object.keys(claims)
      .sort()
      .map((name) => claims[name]);
    return [answers.join(', '), states.join(', '), stock['E0/cape'], given].join(' | ');
  });
  return [...new Set(ends)].sort();
}

const lastOf = (world: World) => {
  const { claims, stock, ledger } = observationOf(world);
  return [claims['P0/k0'], stock['E0/cape'], ledger['P0/k0:cape']];
};

describe('in the model', () => {
  it('of two players who want the last unit at once just one gets it', () => {
    const ends = atOnce(after([]), claim('P0', 'k0'), claim('P1', 'k0'));
    assert.ok(ends.includes('202, 409 sold_out | GRANTED | 1 = 0 + 0 + 1 | GRANTED ×1'));
    assert.ok(ends.some((end) => end.startsWith('200, 202 | REJECTED / SOLD_OUT, GRANTED | ')));
    assert.ok(ends.every((end) => end.includes('1 = 0 + 0 + 1')));
  });

  it('of two keys of one player at once just one is granted', () => {
    const plenty = { rewards: [{ rewardId: 'cape', quantity: 1, stock: 9 }] };
    const ends = atOnce(after([], plenty), claim('P0', 'k0'), claim('P0', 'k1'));
    assert.ok(ends.every((end) => end.includes('9 = 8 + 0 + 1')));
    assert.deepEqual(
      ends.map((end) => end.split(' | ').slice(0, 2)),
      [
        ['202, 409 already_claimed', 'GRANTED'],
        ['409 already_claimed, 202', 'GRANTED'],
      ],
    );
  });

  it('a claim that ended empty leaves its entitlement to the next, one that was granted does not', () => {
    const answers = (world: World) =>
      outcomes(world, [claim('P0', 'k1')]).map((end) => observationOf(end).answers[0]);
    assert.deepEqual(answers(after([claim('P0', 'k0', 'refuses')])), ['202']);
    assert.deepEqual(answers(after([claim('P0', 'k0')])), ['409 already_claimed']);
    const twice = { claimsPerPeriod: 2, rewards: [{ rewardId: 'cape', quantity: 1, stock: 9 }] };
    assert.deepEqual(answers(after([claim('P0', 'k0')], twice)), ['202']);
    const once = { ...twice, claimsTotal: 1 };
    assert.deepEqual(answers(after([claim('P0', 'k0')], once)), ['409 already_claimed']);
  });

  it('of two events of one group a player has one', () => {
    const event = { ...EVENT, exclusiveGroup: 'winter' };
    const [served] = outcomes(newWorld({ events: [event, event] }), [claim('P0', 'k0')]);
    assert.ok(served);
    const ofOther = (player: string): Operation => {
      return { do: 'claim', player, key: 'k1', event: 'E1', choice: null, fault: 'none' };
    };
    const answers = (player: string) =>
      outcomes(served, [ofOther(player)]).map((end) => observationOf(end).answers[0]);
    assert.deepEqual(answers('P0'), ['409 already_claimed']);
    assert.deepEqual(answers('P1'), ['202']);
  });

  it('one key sent twice at once is one claim, whichever comes first', () => {
    const ends = atOnce(after([]), claim('P0', 'k0'), claim('P0', 'k0'));
    const answers = ends.map((end) => end.split(' | ')[0]);
    assert.deepEqual(answers, [
      '200 replayed, 202',
      '202 replayed, 202',
      '202, 200 replayed',
      '202, 202 replayed',
    ]);
  });

  it('a ban while a claim runs stops it, unless the grant was confirmed before', () => {
    const ends = atOnce(after([]), claim('P0', 'k0'), ban);
    const what = new Set(ends.map((end) => end.split(' | ').slice(1).join(' | ')));
    assert.deepEqual([...what].sort(), [
      ' | 1 = 1 + 0 + 0 | ',
      'FAILED / USER_NOT_ACTIVE | 1 = 1 + 0 + 0 | REVOKED ×0',
      'FAILED / USER_NOT_ACTIVE | 1 = 1 + 0 + 0 | REVOKED ×1',
      'GRANTED | 1 = 0 + 0 + 1 | GRANTED ×1',
    ]);
  });

  it('a parked claim keeps its hold, and is granted once it is retried', () => {
    const parked = after([claim('P0', 'k0', 'is down')]);
    assert.deepEqual(lastOf(parked), [
      'NEEDS_ATTENTION / FULFILLMENT_UNAVAILABLE',
      '1 = 0 + 1 + 0',
      'NEVER_SEEN ×0',
    ]);
    const [retried] = outcomes(parked, [say('RETRY')]);
    assert.ok(retried);
    assert.deepEqual(lastOf(retried), ['GRANTED', '1 = 0 + 0 + 1', 'GRANTED ×1']);
  });

  it('a claim whose grant cannot be revoked keeps it, once an abort is said a second time', () => {
    const steps = [claim('P0', 'k0', 'is deaf and keeps it'), say('ABORT')];
    assert.equal(lastOf(after(steps))[0], 'NEEDS_ATTENTION / COMPENSATION_FAILED');
    assert.deepEqual(lastOf(after([...steps, say('RETRY')])), [
      'FAILED / ABORTED_BY_ADMIN',
      '1 = 1 + 0 + 0',
      'REVOKED ×1',
    ]);
    assert.deepEqual(lastOf(after([...steps, say('ABORT')])), [
      'FAILED / COMPENSATION_FAILED',
      '1 = 0 + 0 + 1',
      'GRANTED ×1',
    ]);
  });

  it('the first word on a parked claim counts', () => {
    const ends = atOnce(after([claim('P0', 'k0', 'is mute')]), say('RETRY'), say('ABORT'));
    assert.deepEqual(
      ends.map((end) => end.split(' | ').slice(0, 2)),
      [
        ['202, 409 invalid_transition', 'GRANTED'],
        ['409 invalid_transition, 202', 'FAILED / ABORTED_BY_ADMIN'],
      ],
    );
  });

  it('the stock is never lowered below what is held and granted', () => {
    const parked = after([claim('P0', 'k0', 'is down')]);
    const none: Operation = { do: 'set stock', event: 'E0', rewardId: 'cape', stock: 0 };
    assert.deepEqual(
      outcomes(parked, [none]).map((world) => observationOf(world).answers),
      [['409 conflict']],
    );
  });
});
