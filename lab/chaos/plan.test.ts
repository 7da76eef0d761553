import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fault, KINDS, makePlan, type ProcessName } from './plan.ts';
import { PLANNED_EVENTS } from './planned-events.ts';

const kindOf = (process: ProcessName) => process.replace(/-\d$/, '');

describe('the plan of a chaos run', () => {
  it('follows from seed and length alone', () => {
    assert.deepEqual(makePlan(7, 60), makePlan(7, 60));
    assert.notDeepEqual(makePlan(7, 60).faults, makePlan(8, 60).faults);
    assert.notDeepEqual(makePlan(7, 60).claims, makePlan(8, 60).claims);
  });

  it('is the same on every machine', () => {
    const { faults, claims } = makePlan(1, 10);
    assert.deepEqual(faults[0], { atMs: 82, do: 'game', mood: 'down', forMs: 6_345 });
    assert.deepEqual(claims[0], {
      atMs: 286,
      player: 7,
      event: 5,
      choice: 9,
      copies: 1,
      waitS: 0,
    });
  });

  it('has faults of every kind, however short it is', () => {
    const nameOf = (fault: Fault) =>
      fault.do === 'kill' ? `kill ${kindOf(fault.process)}` : fault.do;
    const kinds = new Set(makePlan(3, 5).faults.map(nameOf));
    const kills = KINDS.map(([name]) => `kill ${kindOf(name)}`);
    const others = ['freeze', 'cut', 'hang', 'delay', 'game', 'leave', 'stock', 'pause'];
    for (const kind of [...kills, ...others, 'cancel', 'terminate', 'reset']) {
      assert.ok(kinds.has(kind), `${kind} is missing`);
    }
  });

  it('ends what it begins within its time, in the order of time', () => {
    for (const seed of [0, 1, 2, 3, 4]) {
      const { faults, claims } = makePlan(seed, 30);
      for (const list of [faults, claims]) {
        assert.deepEqual(
          list.map(({ atMs }) => atMs),
          list.map(({ atMs }) => atMs).sort((a, b) => a - b),
        );
      }
      for (const fault of faults) {
        const forMs = 'forMs' in fault ? (fault.forMs ?? 0) : 0;
        assert.ok(fault.atMs + forMs <= 30_000, JSON.stringify(fault));
      }
    }
  });

  it('lets a process work for some seconds between two of its deaths', () => {
    for (const seed of [0, 1, 2, 3, 4]) {
      const kills = makePlan(seed, 60).faults.filter((fault) => fault.do === 'kill');
      for (const [first] of KINDS) {
        const isIts = (kill: { process: ProcessName }) => kindOf(kill.process) === kindOf(first);
        const times = kills.filter(isIts).map(({ atMs }) => atMs);
        assert.equal(times.length, 3);
        const gapsMs = times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));
        assert.ok(Math.min(...gapsMs) >= 13_000, `${first}: ${gapsMs}`);
      }
    }
  });

  it('names only players and events that there are', () => {
    const { claims, faults, players } = makePlan(5, 60);
    for (const { player, event } of claims)
      assert.ok(player < players && event < PLANNED_EVENTS.length);
    for (const fault of faults) {
      if ('player' in fault) assert.ok(fault.player < players);
      if ('event' in fault) assert.ok(fault.event < PLANNED_EVENTS.length);
    }
  });
});
