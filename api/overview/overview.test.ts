/** What the overview makes of the numbers, at a moment of the test's own. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { DomainError } from '../../domain/errors.ts';
import { CAPE, eventFields } from '../../domain/events/test-fields.ts';
import { type Claim, newRecord } from '../../store/claims/claim-record.ts';
import { OPERATOR } from '../../store/events/test-events.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from '../../store/test-store.ts';
import { type OverviewDeps, readOverview } from './overview.ts';

/** Half of a bucket of ten seconds is over: the rates count until five seconds later. */
const NOW = new Date('2026-11-22T12:00:05Z');
const MINUTE_MS = 60_000;
const ago = (ms: number) => new Date(NOW.getTime() - ms);

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());
beforeEach(async () => {
  await t.store.claims.model.deleteMany();
});

const read = (store: OverviewDeps['store'] = t.store) =>
  readOverview({ store, providerSecrets: new Map([['game', 'a secret']]), now: () => NOW });

/** Claims of an event that ended a second ago. */
async function ended(count: number, given: Partial<Claim>, eventId = 'evt_1'): Promise<void> {
  const at = ago(1_000);
  const { open: _, ...claim } = newRecord(newClaim({ eventId }), at, at);
  const lines = claim.lines.map((line) => ({ ...line, state: 'GRANTED' as const }));
  const records = Array.from({ length: count }, () => ({
    ...{ ...claim, acceptedAt: at, endedAt: at, lines, ...given },
    _id: unique('clm'),
    idempotencyKey: unique('key'),
  }));
  await t.store.claims.model.collection.insertMany(records as never[]);
}

describe('the rate of a reward, and when it is used up', () => {
  /** What is said of a reward of a live event that began so long ago and has had so many grants. */
  async function levels(beganAgoMs: number, grants: number, stock: number, taken = 0) {
    const startsAt = ago(beganAgoMs);
    const rewards = [{ ...CAPE, stock }];
    const times = { startsAt, endsAt: ago(-3_600_000), claimUntil: null, listedFrom: null };
    const fields = eventFields({ ...times, rewards });
    const { eventId } = (await t.store.events.create(OPERATOR, fields, 'ACTIVE')).event;
    const moved = { $inc: { available: -taken, granted: taken } };
    await t.connection.collection('stock_buckets').updateOne({ eventId }, moved);
    await ended(grants, { state: 'GRANTED' }, eventId);
    const { events } = await read();
    const reward = events.find((event) => event.eventId === eventId)?.rewards[0];
    return [reward?.perMinute, reward?.emptyAt];
  }

  it('counts from the beginning of an event that is younger than the ten minutes', async () => {
    // 65 seconds, and 100 units last for 928.6 more.
    assert.deepEqual(await levels(MINUTE_MS, 7, 100), [6.46, '2026-11-22T12:15:39.000Z']);
  });

  it('is of ten seconds at least', async () => {
    assert.deepEqual(await levels(1_000, 1, 60), [6, '2026-11-22T12:10:10.000Z']);
  });

  it('says no time where nothing is left, and none that cannot be written', async () => {
    assert.deepEqual(await levels(MINUTE_MS, 13, 10, 10), [12, null]);
    assert.deepEqual(await levels(60 * MINUTE_MS, 1, 1_000_000_000), [0.1, null]);
  });
});

describe('the overview', () => {
  it('has the reasons of the last hour, the most frequent first', async () => {
    const reasons = { SOLD_OUT: 1, CONDITION_NOT_MET: 3, ALREADY_CLAIMED: 2 } as const;
    for (const [reason, count] of Object.entries(reasons)) {
      await ended(count, { state: 'REJECTED', reason: reason as Claim['reason'] });
    }
    const { claims } = await read();
    const said = claims.reasons?.map(({ reason, count }) => `${reason} ${count}`);
    assert.deepEqual(said, ['CONDITION_NOT_MET 3', 'ALREADY_CLAIMED 2', 'SOLD_OUT 1']);
  });

  it('names the providers that are configured, and the mailbox', async () => {
    const { providers } = await read();
    assert.deepEqual(
      providers.map(({ provider }) => provider),
      ['game', 'mailbox'],
    );
  });

  it('misses reconciliation after three of its intervals, however long these are', async () => {
    const mended = { runsStarted: 0, decisionsSent: 0, claimsStopped: 0, parkingsExpired: 0 };
    const run = async (agoMs: number) => {
      const times = { startedAt: ago(agoMs), endedAt: ago(agoMs) };
      const found = { failures: 0, unbalanced: [], holdsFreed: 0 };
      await t.store.reconciliations.add({ ...mended, ...found, ...times });
    };
    const isLate = async () => (await read()).reconciliation.isLate;
    await run(21 * MINUTE_MS);
    await run(16 * MINUTE_MS);
    assert.equal(await isLate(), true);
    await run(11 * MINUTE_MS);
    assert.equal(await isLate(), false);
  });

  it('says how many claims are parked where they are too many to be told apart', async () => {
    await ended(3, { state: 'NEEDS_ATTENTION', reason: 'INTERNAL', open: true });
    const failing = (error: Error): OverviewDeps['store'] => {
      const summary = () => Promise.reject(error);
      return { ...t.store, claims: { ...t.store.claims, summary } };
    };
    const { parked, providers } = await read(failing(new DomainError('unavailable', 'too many')));
    assert.deepEqual(parked, { count: 3, oldestAt: null, groups: null });
    assert.ok(providers.every((provider) => provider.parked === null));
    await assert.rejects(read(failing(new DomainError('not_found', 'a mistake'))), /a mistake/);
  });
});
