import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { Claim } from '../../store/claims.ts';
import { createStarter } from './starter.ts';

const claim = { _id: 'clm_1' } as Claim;
const log = pino({ level: 'silent' });

/** A starter over a Temporal that the test plays, on a clock that the test turns. */
function starting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const calls: PromiseWithResolvers<void>[] = [];
  let clockMs = 1_000_000;
  const runs = {
    start() {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
  };
  const starter = createStarter({ runs, log, nowMs: () => clockMs });

  return {
    calls,
    pass(ms: number) {
      clockMs += ms;
      t.mock.timers.tick(ms);
    },
    /** Asks for a start; tells whether the player still waits. */
    ask() {
      const asked = { isWaiting: true };
      void starter.start(claim).then(() => {
        asked.isWaiting = false;
      });
      return asked;
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('starting a claim', () => {
  it('lets the player wait until its run is started', async (t) => {
    const temporal = starting(t);
    const asked = temporal.ask();
    await settle();
    assert.equal(asked.isWaiting, true);
    temporal.calls[0]?.resolve();
    await settle();
    assert.equal(asked.isWaiting, false);
  });

  it('lets the player go after half a second where Temporal hangs', async (t) => {
    const temporal = starting(t);
    const asked = temporal.ask();
    temporal.pass(499);
    await settle();
    assert.equal(asked.isWaiting, true);
    temporal.pass(1);
    await settle();
    assert.equal(asked.isWaiting, false);
  });

  it('fails for nobody where Temporal refuses', async (t) => {
    const temporal = starting(t);
    const asked = temporal.ask();
    temporal.calls[0]?.reject(new Error('UNAVAILABLE'));
    await settle();
    assert.equal(asked.isWaiting, false);
  });

  it('lets nobody wait for two seconds after a failure, and tries all the same', async (t) => {
    const temporal = starting(t);
    temporal.ask();
    temporal.calls[0]?.reject(new Error('UNAVAILABLE'));
    await settle();

    temporal.pass(1_999);
    const soon = temporal.ask();
    await settle();
    assert.equal(soon.isWaiting, false);
    assert.equal(temporal.calls.length, 2);

    temporal.pass(1);
    const later = temporal.ask();
    await settle();
    assert.equal(later.isWaiting, true);
  });

  it('lets players wait again as soon as one start succeeded', async (t) => {
    const temporal = starting(t);
    temporal.ask();
    temporal.calls[0]?.reject(new Error('UNAVAILABLE'));
    await settle();
    temporal.ask();
    temporal.calls[1]?.resolve();
    await settle();
    const asked = temporal.ask();
    await settle();
    assert.equal(asked.isWaiting, true);
  });

  it('leaves the rest to reconciliation once a thousand starts are under way', async (t) => {
    const temporal = starting(t);
    for (let i = 0; i < 1_000; i++) temporal.ask();
    const asked = temporal.ask();
    await settle();
    assert.equal(asked.isWaiting, false);
    assert.equal(temporal.calls.length, 1_000);

    temporal.calls[0]?.resolve();
    await settle();
    temporal.ask();
    assert.equal(temporal.calls.length, 1_001);
  });
});
