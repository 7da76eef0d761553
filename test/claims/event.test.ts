/** What a claim gets of its event: what stood when it was accepted, and a unit of its stock (rule 4). */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { StockBusy } from '../../domain/claims/stock-busy.ts';
import type { Reward } from '../../domain/events/event.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { type Checkpoint, createCheckpoints } from '../checkpoints.ts';
import { MOUNT } from '../game-claims.ts';
import { CAPE, DAILY_IN_SEOUL, ended, event, MESOS, OPERATOR, recordOf } from '../helpers.ts';
import { createInterposer } from '../interpose.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { GRANTED, GRANTED_STEPS, outcomeOf, sumOf } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
const checkpoints = createCheckpoints();
const interposer = createInterposer();
const DAY_MS = 86_400_000;
/** Milliseconds after midnight, UTC. */
const NOON_IN_SEOUL_MS = 3 * 3_600_000;

/** How far the clocks of API and worker are ahead, in milliseconds. */
let aheadMs = 0;
const now = () => new Date(Date.now() + aheadMs);
before(async () => {
  laurel = await startLaurel({
    activities: (deps) => interposer.around(checkpoints.around({ ...deps, now })),
    // The run itself takes the hold here. flash.test.ts has the hold that the API takes before.
    api: { now, holdsEarly: false },
  });
});
after(async () => {
  checkpoints.openAll();
  interposer.openAll();
  await laurel.stop();
});

/** A claim that was accepted and is held at the checkpoint. */
async function heldClaim(eventId: string, checkpoint: Checkpoint, rewardId?: string) {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(id, key);
  const gate = checkpoints.hold(checkpoint, claimId);
  const { status } = await laurel.claim(eventId, token, { key, ...(rewardId && { rewardId }) });
  assert.equal(status, 202);
  await gate.reached;
  return { claimId, id, token, open: gate.open };
}

/** The answer to a new player's claim: status and state, or status and code. */
async function newClaim(eventId: string) {
  const { token } = await laurel.signIn();
  const { status, body } = await laurel.claim(eventId, token, { waitS: 30 });
  return `${status} ${status < 400 ? body.state : Reflect.get(body, 'code')}`;
}

const change = (eventId: string, patch: Parameters<Laurel['store']['events']['change']>[2]) =>
  laurel.store.events.change(OPERATOR, eventId, patch);

describe('an event', { concurrency: true }, () => {
  describe('a claim that was accepted', { concurrency: true }, () => {
    it('is honoured though the event is paused meanwhile, which stops new claims only', async () => {
      const { eventId } = await event(laurel);
      const claim = await heldClaim(eventId, 'read');
      await change(eventId, { status: 'PAUSED' });
      assert.equal(await newClaim(eventId), '409 event_not_open');
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), GRANTED);
      await change(eventId, { status: 'ACTIVE' });
      assert.equal(await newClaim(eventId), '200 GRANTED');
    });

    it('is honoured though the event is ended meanwhile', async () => {
      const { eventId } = await event(laurel);
      const claim = await heldClaim(eventId, 'read');
      await change(eventId, { status: 'ENDED' });
      assert.equal(await newClaim(eventId), '409 event_not_open');
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), GRANTED);
    });

    it('goes by what stood then, though the event is edited meanwhile', async () => {
      const { eventId, version } = await event(laurel);
      const claim = await heldClaim(eventId, 'read');
      const past = new Date(1_000);
      await change(eventId, { title: 'Another', endsAt: past, claimUntil: past });
      // What no operator can change any more, changed behind the API's back.
      const rewards = [{ ...CAPE, name: 'Another', kind: 'COUPON', quantity: 5, buckets: 1 }];
      await laurel.store.events.model.updateOne(
        { _id: eventId },
        {
          rewards,
          claimsPerPeriod: 0,
          fulfillment: { provider: 'game' },
          period: {
            kind: 'DAILY',
            timeZone: 'UTC',
            resetHour: 0,
            resetMinute: 0,
            resetDay: 'MONDAY',
          },
        },
      );
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), GRANTED);
      const { lines, snapshot, periodKey } = await recordOf(laurel, claim.claimId);
      const given = lines.map(({ lineId: rewardId, name, kind, quantity }) => {
        return { rewardId, name, kind, quantity };
      });
      const { name, kind, quantity } = CAPE;
      assert.deepEqual(given, [{ rewardId: 'cape', name, kind, quantity }]);
      assert.deepEqual([snapshot.eventVersion, periodKey], [version, 'once']);
    });
  });

  describe('stock that runs out between acceptance and reservation', { concurrency: true }, () => {
    const SOLD_OUT = {
      end: 'REJECTED / SOLD_OUT',
      steps: [
        ...GRANTED_STEPS.slice(0, 3),
        'S3_RESERVE REFUSED',
        'UNDO_RESERVE SKIPPED',
        'UNDO_ENTITLEMENT OK',
      ],
      lines: { cape: 'CANCELLED' },
      given: { cape: 'NEVER_SEEN' },
      isEntitled: false,
      levels: { cape: '1 = 0 + 0 + 1' },
    };
    const LAST_CAPE = { ...CAPE, stock: 1 };

    it('rejects the claim, and leaves its player free to claim again', async () => {
      const { eventId } = await event(laurel, { rewards: [LAST_CAPE] });
      const claim = await heldClaim(eventId, 'reserve');
      assert.equal(await newClaim(eventId), '200 GRANTED');
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), SOLD_OUT);

      await change(eventId, { rewards: [{ ...CAPE, stock: 2 }] });
      const again = await laurel.claim(eventId, claim.token, { waitS: 30 });
      assert.deepEqual([again.status, again.body.state], [200, 'GRANTED']);
    });

    it('rejects the claim where an operator lowered the stock', async () => {
      const { eventId } = await event(laurel);
      const claim = await heldClaim(eventId, 'reserve');
      await change(eventId, { rewards: [{ ...CAPE, stock: 0 }] });
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), {
        ...SOLD_OUT,
        levels: { cape: '0 = 0 + 0 + 0' },
      });
    });

    it('of one of two rewards has the other one’s hold released', async () => {
      const both = [CAPE, { ...MOUNT, stock: 1 }];
      const { eventId } = await event(laurel, { rewards: both });
      const claim = await heldClaim(eventId, 'reserve');
      assert.equal(await newClaim(eventId), '200 GRANTED');
      claim.open();
      assert.deepEqual(await outcomeOf(laurel, claim.claimId), {
        ...SOLD_OUT,
        steps: [...SOLD_OUT.steps.slice(0, -2), 'UNDO_RESERVE OK', 'UNDO_ENTITLEMENT OK'],
        lines: { cape: 'CANCELLED', mount: 'CANCELLED' },
        given: { cape: 'NEVER_SEEN', mount: 'NEVER_SEEN' },
        levels: { cape: '10 = 9 + 0 + 1', mount: '1 = 0 + 0 + 1' },
      });
      const record = await laurel.store.claims.get(claim.claimId);
      assert.equal(record?.steps.find((s) => s.step === 'S3_RESERVE')?.detail, 'mount');
    });
  });

  describe('stock', { concurrency: true }, () => {
    it('that has run out is said at once, and the key is left unused', async () => {
      const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
      assert.equal(await newClaim(eventId), '200 GRANTED');
      const { id, token } = await laurel.signIn();
      const refused = await laurel.claim(eventId, token, { key: 'mine' });
      assert.deepEqual([refused.status, Reflect.get(refused.body, 'code')], [409, 'sold_out']);
      assert.equal(await laurel.store.claims.findByKey(id, 'mine'), null);

      await change(eventId, { rewards: [{ ...CAPE, stock: 2 }] });
      const again = await laurel.claim(eventId, token, { key: 'mine', waitS: 30 });
      assert.deepEqual([again.status, again.body.state], [200, 'GRANTED']);
      assert.equal(again.headers.get('idempotency-replayed'), null);
    });

    it('of ten is given to ten of thirty who come at once', async () => {
      const { eventId } = await event(laurel);
      const all = await Promise.all(Array.from({ length: 30 }, () => newClaim(eventId)));
      assert.equal(all.filter((answer) => answer === '200 GRANTED').length, 10);
      const others = new Set(all.filter((answer) => answer !== '200 GRANTED'));
      assert.deepEqual(
        [...others].filter((o) => !['409 sold_out', '200 REJECTED'].includes(o)),
        [],
      );
      assert.equal(await sumOf(laurel, { eventId }), '10 = 0 + 0 + 10');
    });

    it('is given in the quantities of the reward, and not in part', async () => {
      const { eventId } = await event(laurel, { rewards: [{ ...CAPE, quantity: 4 }] });
      assert.equal(await newClaim(eventId), '200 GRANTED');
      assert.equal(await newClaim(eventId), '200 GRANTED');
      assert.equal(await newClaim(eventId), '409 sold_out');
      assert.equal(await sumOf(laurel, { eventId }), '10 = 2 + 0 + 8');
    });

    it('that is unlimited is not reserved', async () => {
      const { eventId } = await event(laurel, { rewards: [MESOS] });
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token)).body;
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        end: 'GRANTED',
        steps: GRANTED_STEPS.map((step) => step.replace('S3_RESERVE OK', 'S3_RESERVE SKIPPED')),
        lines: { mesos: 'GRANTED' },
        given: { mesos: 'GRANTED' },
        isEntitled: true,
        levels: {},
      });
    });

    it('is taken of the chosen reward alone, where the player chooses', async () => {
      const rewards: Reward[] = [CAPE, MOUNT];
      const { eventId } = await event(laurel, { rewards, rewardSelection: 'PLAYER_CHOICE' });
      const { token } = await laurel.signIn();
      const { claimId } = (await laurel.claim(eventId, token, { rewardId: 'mount' })).body;
      assert.deepEqual(await outcomeOf(laurel, claimId), {
        ...GRANTED,
        lines: { mount: 'GRANTED' },
        given: { mount: 'GRANTED' },
        levels: { mount: '10 = 9 + 0 + 1' },
      });
      assert.equal(await sumOf(laurel, { eventId }), '10 = 10 + 0 + 0');
    });

    it('without room for one more hold lets a claim wait, until there is room', async () => {
      const { eventId } = await event(laurel);
      const { id, token } = await laurel.signIn();
      const claimId = claimIdOf(id, 'mine');
      interposer.next('stock.reserve', claimId, async () => {
        throw new StockBusy('full');
      });
      await laurel.claim(eventId, token, { key: 'mine' });
      const { state, version } = await ended(laurel, claimId);
      assert.equal(state, 'GRANTED');
      // Accepted, reserving, its fate, granted.
      assert.equal(version, 4);
    });
  });
});

describe('an event, as time goes by', () => {
  afterEach(() => {
    aheadMs = 0;
  });

  it('honours a claim accepted in its claim window, though that closes while it runs', async () => {
    const endsAt = new Date(Date.now() + DAY_MS);
    const { eventId } = await event(laurel, { claimUntil: endsAt, endsAt });
    const claim = await heldClaim(eventId, 'read');
    aheadMs = 2 * DAY_MS;
    assert.equal(await newClaim(eventId), '409 event_not_open');
    claim.open();
    assert.deepEqual(await outcomeOf(laurel, claim.claimId), GRANTED);
  });

  it('that is daily may be claimed once a day', async () => {
    // Noon in Seoul: no day begins while this runs.
    aheadMs = DAY_MS - ((Date.now() - NOON_IN_SEOUL_MS) % DAY_MS);
    const period = DAILY_IN_SEOUL;
    const { eventId } = await event(laurel, { period });
    const { token } = await laurel.signIn();
    const claim = () => laurel.claim(eventId, token, { waitS: 30 });

    const today = await claim();
    assert.deepEqual([today.status, today.body.state], [200, 'GRANTED']);
    assert.equal((await claim()).status, 409);
    aheadMs += DAY_MS;
    const tomorrow = await claim();
    assert.deepEqual([tomorrow.status, tomorrow.body.state], [200, 'GRANTED']);
    assert.ok(tomorrow.body.periodKey > today.body.periodKey);
    assert.equal((await claim()).status, 409);
  });
});
