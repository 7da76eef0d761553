import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { Claim } from '../../../store/claims/claim-record.ts';
import type { RunStart } from '../../../workflows/contract.ts';
import { createStarter } from './starter.ts';

const claim = { _id: 'clm_1', eventId: 'evt_1' } as Claim;
const log = pino({ level: 'silent' });

/** A starter over a Temporal that the test plays, on a clock that the test turns. */
function starting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const calls: PromiseWithResolvers<void>[] = [];
  let clockMs = 1_000_000;
  const started: string[] = [];
  const known: (RunStart | undefined)[] = [];
  const asks: { isRecorders: boolean } = { isRecorders: true };
  const runs = {
    start({ eventId }: { eventId: string }, given?: RunStart) {
      started.push(eventId);
      known.push(given);
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
  };
  const isRecorders = async () => asks.isRecorders;
  const starter = createStarter({ runs, isRecorders, log, nowMs: () => clockMs });

  return {
    calls,
    started,
    known,
    asks,
    pass(ms: number) {
      clockMs += ms;
      t.mock.timers.tick(ms);
    },
    /** Asks for a start; tells whether the player still waits. */
    ask(eventId = claim.eventId, known?: RunStart) {
      const asked = { isWaiting: true };
      void starter.start({ ...claim, eventId }, known).then(() => {
        asked.isWaiting = false;
      });
      return asked;
    },
  };
}

/** Lets everything run that waits for nothing but a slot. */
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

  it('keeps no more than two starts under way, and lets nobody wait behind a long queue', async (t) => {
    const temporal = starting(t);
    for (let i = 0; i < 33; i++) temporal.ask();
    const last = temporal.ask();
    const asked = temporal.ask();
    await settle();
    assert.deepEqual([last.isWaiting, asked.isWaiting], [true, false]);
    assert.equal(temporal.calls.length, 2);

    temporal.calls[0]?.resolve();
    await settle();
    assert.equal(temporal.calls.length, 3);
  });

  it('starts the claim of another event before the rest of a crowd', async (t) => {
    const temporal = starting(t);
    for (let i = 0; i < 12; i++) temporal.ask('evt_hot');
    temporal.ask('evt_cold');
    for (const call of temporal.calls.slice(0, 2)) call.resolve();
    await settle();
    assert.deepEqual(temporal.started.slice(2), ['evt_hot', 'evt_cold']);
  });

  it('leaves the rest to reconciliation once ten thousand wait, or after three minutes', async (t) => {
    const temporal = starting(t);
    const events = ['evt_1', 'evt_2'];
    for (let i = 0; i < 10_100; i++) temporal.ask(events[i % 2]);
    const asked = temporal.ask();
    await settle();
    assert.equal(asked.isWaiting, false);

    temporal.pass(180_000);
    await settle();
    for (const call of [...temporal.calls]) call.resolve();
    await settle();
    assert.equal(temporal.calls.length, 2);
  });

  it('tells the run that it is the first, unless it waited here until others may have been', async (t) => {
    const temporal = starting(t);
    const known = { isHeld: true, isAlone: true };
    temporal.ask(claim.eventId, known);
    await settle();
    temporal.calls[0]?.resolve();
    await settle();
    temporal.asks.isRecorders = false;
    temporal.ask(claim.eventId, known);
    temporal.ask();
    await settle();
    // Whoever knows nothing of the claim says nothing of it, and so comes first here.
    assert.deepEqual(temporal.known, [known, undefined, { isHeld: true, isAlone: false }]);
  });
});
