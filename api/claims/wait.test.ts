import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ClaimState } from '../../domain/claims/claim.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import { nextChange, preferredWaitS, waitForEnd } from './wait.ts';

describe('how long a client would wait', () => {
  const cases: [string, string | undefined, number | undefined][] = [
    ['nothing without the header', undefined, undefined],
    ['the seconds it names', 'wait=10', 10],
    ['no time at all where it says so', 'wait=0', 0],
    ['half a minute at most', 'wait=31', 30],
    ['half a minute for a very large number', 'wait=999999999', 30],
    ['the seconds among other preferences', 'respond-async, wait=10', 10],
    ['the seconds before other preferences', 'wait=10, handling=lenient', 10],
    ['the seconds in quotes', 'wait="10"', 10],
    ['the seconds in other letters and with blanks', 'Wait = 7', 7],
    ['nothing for another preference that ends alike', 'no-wait=10', undefined],
    ['nothing for a number below zero', 'wait=-1', undefined],
    ['nothing for a fraction', 'wait=1.5', undefined],
    ['nothing for a word', 'wait=soon', undefined],
    ['nothing for a preference without a value', 'wait', undefined],
    ['nothing for an empty header', '', undefined],
  ];
  for (const [what, header, expected] of cases) {
    it(`is ${what}`, () => assert.equal(preferredWaitS(header), expected));
  }
});

/** A claim that the test changes, with or without a report of the change. */
function changing(t: TestContext, state: ClaimState = 'FULFILLING') {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let clockMs = 0;
  t.mock.method(performance, 'now', () => clockMs);
  const waiting = new Set<() => void>();
  const record = { state, version: 1 };
  let reads = 0;
  const changes: ClaimChanges = {
    subscribe(_, onChange) {
      waiting.add(onChange);
      return () => waiting.delete(onChange);
    },
    seenUntil: () => new Date(),
    endWaits: () => {},
    isEnding: () => false,
    close: async () => {},
  };
  const read = async () => {
    reads += 1;
    return { ...record } as Claim;
  };
  return {
    changes,
    claims: { get: read } as unknown as ClaimStore,
    read,
    record,
    reads: () => reads,
    pass(ms: number) {
      clockMs += ms;
      t.mock.timers.tick(ms);
    },
    isWatched: () => waiting.size > 0,
    change(to: ClaimState) {
      record.state = to;
      record.version += 1;
    },
    tell() {
      for (const onChange of waiting) onChange();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const stays = new AbortController().signal;

/** A client that waits for the end, and the state it got. */
function waiting(of: ReturnType<typeof changing>, waitS: number, signal = stays) {
  let state: ClaimState | 'STILL_WAITING' = 'STILL_WAITING';
  void waitForEnd(of, { ...of.record } as Claim, waitS, signal).then((claim) => {
    state = claim.state;
  });
  return { got: (): string => state };
}

describe('waiting for the end of a claim', () => {
  it('ends with the change to a final state', async (t) => {
    const it = changing(t);
    const client = waiting(it, 10);
    it.change('COMPENSATING');
    it.tell();
    await settle();
    assert.equal(client.got(), 'STILL_WAITING');
    it.change('FAILED');
    it.tell();
    await settle();
    assert.equal(client.got(), 'FAILED');
  });

  it('ends when its time is up, with the claim as it stands then', async (t) => {
    const it = changing(t, 'PENDING_VALIDATION');
    const client = waiting(it, 1);
    await settle();
    it.change('FULFILLING');
    it.pass(999);
    await settle();
    assert.equal(client.got(), 'STILL_WAITING');
    it.pass(1);
    await settle();
    assert.equal(client.got(), 'FULFILLING');
  });

  it('does not begin for a claim that is final', async (t) => {
    const final = changing(t, 'GRANTED');
    assert.equal((await waitForEnd(final, final.record as Claim, 10, stays)).state, 'GRANTED');
    assert.equal(final.reads(), 0);
  });

  it('does not begin for no seconds', async (t) => {
    const running = changing(t);
    assert.equal((await waitForEnd(running, running.record as Claim, 0, stays)).version, 1);
    assert.equal(running.reads(), 0);
  });

  it('listens before it reads, so that no change falls in between', async (t) => {
    const it = changing(t);
    let wasWatched = false;
    const get = async () => {
      wasWatched = it.isWatched();
      return { ...it.record, state: 'GRANTED' } as Claim;
    };
    const deps = { ...it, claims: { get } as unknown as ClaimStore };
    await waitForEnd(deps, { ...it.record } as Claim, 10, stays);
    assert.equal(wasWatched, true);
  });

  it('reads again by itself every five seconds, should a change never be told of', async (t) => {
    const it = changing(t);
    const client = waiting(it, 30);
    await settle();
    it.change('GRANTED');
    it.pass(4_999);
    await settle();
    assert.equal(client.got(), 'STILL_WAITING');
    it.pass(1);
    await settle();
    assert.equal(client.got(), 'GRANTED');
  });

  it('ends when the client leaves', async (t) => {
    const it = changing(t);
    const leaving = new AbortController();
    const client = waiting(it, 30, leaving.signal);
    await settle();
    leaving.abort();
    await settle();
    assert.equal(client.got(), 'FULFILLING');
  });

  it('watches no claim any longer once it is over', async (t) => {
    const it = changing(t);
    const client = waiting(it, 30);
    await settle();
    assert.equal(it.isWatched(), true);
    it.change('GRANTED');
    it.tell();
    await settle();
    assert.equal(client.got(), 'GRANTED');
    assert.equal(it.isWatched(), false);
  });
});

describe('waiting for the next change of a claim', () => {
  it('hears a change that comes while it reads', async (t) => {
    const it = changing(t);
    let hasChanged = false;
    const read = async () => {
      const claim = await it.read();
      if (!hasChanged) {
        hasChanged = true;
        it.change('COMPENSATING');
        it.tell();
      }
      return claim;
    };
    const next = nextChange(it.changes, 'clm_1', read, {
      timeoutMs: 30_000,
      signal: stays,
      isEnough: (claim) => claim.version > 1,
    });
    assert.equal((await next)?.state, 'COMPENSATING');
  });

  it('tells of a claim that is gone', async (t) => {
    const it = changing(t);
    const until = { timeoutMs: 30_000, signal: stays, isEnough: () => false };
    assert.equal(await nextChange(it.changes, 'clm_1', async () => null, until), null);
  });
});
