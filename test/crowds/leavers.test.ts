/**
 * Many players leave at once, while their claims wait for a run, are queued, run, are retried or
 * are parked. `LEAVERS=10000` makes the crowd as large as is promised, and takes its time; a run of
 * all tests makes do with some sixty claims that really run, and with 10,000 records.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dataOf } from '../../client/index.ts';
import type { ClaimState } from '../../domain/claims/claim.ts';
import { type Claim, claimIdOf } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { newClaim, profiled, unique } from '../../store/test-store.ts';
import type { ClaimRuns, RunOf } from '../../temporal/runs.ts';
import type { RunStart } from '../../workflows/contract.ts';
import {
  ADMIN,
  CAPE,
  event,
  gameEvent,
  hasEntitlement,
  inBatches,
  levelsOf,
  reconcile,
  recordOnce,
  runClosed,
  until,
} from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { countCalls, isVisibility } from '../temporal-calls.ts';

/** Open claims of those who leave. */
const CLAIMS = Number(process.env.LEAVERS ?? 60);

/** Players of either crowd with a claim in every condition; the rest of the claims only wait. */
const FULL = Math.min(50, Math.ceil(CLAIMS / 13));
const STAYERS = Math.ceil(FULL / 4);

/** Such a crowd is stopped at some thirty claims a second, on a machine that does nothing else. */
const PATIENCE_MS = 120_000 + CLAIMS * 400;

const STATUSES = ['BANNED', 'SUSPENDED', 'WITHDRAWN'] as const;

/** Calls to Temporal, and players, that the test deals with side by side. */
const AT_ONCE = 32;

/** Where a claim is when its player leaves. */
const CONDITIONS = ['unstarted', 'queued', 'running', 'retrying', 'parked'] as const;
type Condition = (typeof CONDITIONS)[number];
const BUSY = ['running', 'retrying', 'parked'] as const satisfies Condition[];
const WAITING = ['unstarted', 'queued'] as const satisfies Condition[];

interface Player {
  id: string;
  token: string;
}

let laurel: Laurel;
let events: Record<Condition, StoredEvent>;
/** Calls to Temporal's front end, by name. */
let calls: Map<string, number>;

before(async () => {
  const starter = {
    async start(claim: RunOf, known?: RunStart) {
      if (claim.eventId === events.unstarted.eventId) return;
      // More patient than the API is, as what it fails to start here would wait for reconciliation.
      const isStarted = () =>
        laurel.runs.start(claim, known).then(
          () => true,
          () => false,
        );
      await until(isStarted, `a run of ${claim._id}`, PATIENCE_MS);
    },
  };
  const policy = { FULFILLMENT_PENDING_TIMEOUT_MS: 3_600_000 };
  laurel = await startLaurel({ api: { starter }, policy });
  calls = countCalls(laurel);
  const rewards = [{ ...CAPE, stock: 2 * CLAIMS }];
  events = {
    unstarted: await event(laurel, { rewards }),
    queued: await event(laurel, { rewards }),
    running: await gameEvent(laurel, { rewards }),
    retrying: await gameEvent(laurel, { rewards }),
    parked: await gameEvent(laurel, { rewards }),
  };
  laurel.game.rules.add([
    { do: 'pending', eventId: events.running.eventId },
    { do: 'fail', retryAfter: '3600', eventId: events.retrying.eventId },
    { do: 'fail', on: ['grant', 'lookup'], eventId: events.parked.eventId },
  ]);
});
after(async () => {
  await laurel.stop();
});

const players = async (count: number): Promise<Player[]> =>
  await inBatches(AT_ONCE, Array.from({ length: count }), () => laurel.signIn());

const claimOf = ({ id }: Player, condition: Condition): string => claimIdOf(id, condition);

async function claim(crowd: Player[], conditions: readonly Condition[]): Promise<void> {
  for (const condition of conditions) {
    const { eventId } = events[condition];
    await inBatches(AT_ONCE, crowd, async ({ token }) => {
      const { status, body } = await laurel.claim(eventId, token, { key: condition });
      assert.equal(status, 202, JSON.stringify(body));
    });
  }
}

/** Once the game has answered for the claims of all conditions that it is asked in. */
async function areBusy(crowd: Player[]): Promise<void> {
  const wanted = crowd.flatMap((player) => BUSY.map((c) => `${claimOf(player, c)}:cape`));
  const isAnswered = () => {
    const answered = laurel.game.requests().filter((r) => r.answer !== null);
    const seen = new Set(answered.map((r) => r.grantId));
    return wanted.every((grantId) => seen.has(grantId));
  };
  await until(isAnswered, 'the game to be asked for every claim', PATIENCE_MS);
  const parked = { _id: { $in: crowd.map((p) => claimOf(p, 'parked')) }, state: 'NEEDS_ATTENTION' };
  const areParked = async () =>
    (await laurel.store.claims.model.countDocuments(parked as object)) === crowd.length;
  await until(areParked, 'claims to park', PATIENCE_MS);
}

/** An admin says over HTTP that they left, which also tells their claims. */
async function leaveOverHttp(crowd: Player[]): Promise<void> {
  const { token } = await laurel.signIn('ADMIN');
  await inBatches(AT_ONCE, crowd, async ({ id: userId }, n) => {
    const body = { status: STATUSES[n % STATUSES.length] ?? 'BANNED' };
    const params = { path: { userId } };
    await dataOf(laurel.as(token).PATCH('/api/users/{userId}', { params, body }));
  });
}

/** An import says that they left, and nobody tells their claims. */
async function leaveUntold(crowd: Player[]): Promise<void> {
  await inBatches(AT_ONCE, crowd, async ({ id }, n) => {
    const status = STATUSES[n % STATUSES.length];
    await laurel.store.users.change(ADMIN, id, { status }, new Date());
  });
}

const openOf = async (crowd: Player[], conditions = CONDITIONS as readonly Condition[]) => {
  const of = { userId: { $in: crowd.map((p) => p.id) }, idempotencyKey: { $in: [...conditions] } };
  return await laurel.store.claims.model.countDocuments({ ...of, open: true });
};

/** Reconciliation leaves alone what was recorded or changed within seconds. */
async function ageAll(): Promise<void> {
  const old = { updatedAt: new Date(0), recordedAt: new Date(0) };
  await laurel.store.claims.model.updateMany({ open: true }, old);
}

/** Reconciliation's schedule here, in milliseconds: a third of what it is where nothing is set. */
const INTERVAL_MS = 20_000;

const endInTime = async (crowd: Player[]): Promise<boolean> => {
  const isOver = async () => (await openOf(crowd)) === 0;
  return await until(isOver, 'claims to end', INTERVAL_MS).catch(() => false);
};

/** Reconciles until the crowd has no open claim, and answers how many passes it took. */
async function passesUntilOver(crowd: Player[]): Promise<number> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (let passes = 1; performance.now() < deadlineMs; passes++) {
    await reconcile(laurel);
    if (await endInTime(crowd)) return passes;
  }
  throw new Error(`${await openOf(crowd)} claims of leavers are still open`);
}

async function assertStopped(crowd: Player[], conditions: readonly Condition[]): Promise<void> {
  for (const condition of conditions) {
    const claimIds = crowd.map((player) => claimOf(player, condition));
    const claims = await laurel.store.claims.model.find({ _id: { $in: claimIds } }).lean<Claim[]>();
    assert.equal(claims.length, crowd.length);
    const line = (BUSY as readonly Condition[]).includes(condition) ? 'REVOKED' : 'CANCELLED';
    for (const { _id, state, reason, lines } of claims) {
      const outcome = [state, reason, ...lines.map((l) => l.state)];
      assert.deepEqual(outcome, ['FAILED', 'USER_NOT_ACTIVE', line], `${condition} ${_id}`);
    }
    const kept = { _id: { $in: claimIds }, entitlements: { $type: 'string' } } as object;
    assert.equal(await laurel.store.claims.model.countDocuments(kept), 0, 'entitlements kept');
    await inBatches(AT_ONCE, claims.slice(0, 100), async (ended) => {
      assert.equal(await runClosed(laurel, ended), 'COMPLETED', `${condition} ${ended._id}`);
    });
  }
}

/** What the game gave to those who left and did not take back. */
function keptBy(crowd: Player[]): string[] {
  const ids = new Set(crowd.map((p) => p.id));
  const given = laurel.game.ledger().filter((g) => g.asked && ids.has(g.asked.userId));
  return given.filter((g) => g.state !== 'REVOKED').map((g) => g.grantId);
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1_000).toFixed(1);

/** How the claims of those who stay stand: granted, or open as before. */
const UNTOUCHED: Record<Condition, ClaimState[]> = {
  unstarted: ['GRANTED'],
  queued: ['GRANTED'],
  // A game that is slow to answer, on a slow machine, has them parked.
  running: ['FULFILLING', 'NEEDS_ATTENTION'],
  retrying: ['FULFILLING', 'NEEDS_ATTENTION'],
  parked: ['NEEDS_ATTENTION'],
};

async function assertUntouched(crowd: Player[]): Promise<void> {
  for (const condition of CONDITIONS) {
    const isWaiting = (WAITING as readonly Condition[]).includes(condition);
    for (const claimId of crowd.map((player) => claimOf(player, condition))) {
      const asExpected = ({ state }: Claim) => UNTOUCHED[condition].includes(state);
      const record = await recordOnce(laurel, claimId, asExpected, PATIENCE_MS);
      assert.equal(record.fate, isWaiting ? 'GRANT' : null);
      assert.equal(record.parking?.decision ?? null, null);
      assert.ok(await hasEntitlement(laurel, claimId));
    }
    const count = crowd.length;
    const [held, granted] = isWaiting ? [0, count] : [count, 0];
    const stock = 2 * CLAIMS;
    const levels = { stock, available: stock - count, held, granted };
    assert.deepEqual(await levelsOf(laurel, events[condition]), levels, condition);
  }
}

describe('the claims of many who leave', () => {
  it('are all stopped, in whichever condition, and without a look at the visibility store', async (context) => {
    const stayers = await players(STAYERS);
    const told = await players(FULL);
    const untold = await players(FULL);
    const waiting = await players(Math.ceil((CLAIMS - 9 * FULL) / 2));
    const all = [...stayers, ...told, ...untold];
    await claim(all, BUSY);
    await areBusy(all);
    await claim(told, ['unstarted']);

    await context.test('at once, where an admin says over HTTP that they left', async (t) => {
      const startedMs = performance.now();
      await leaveOverHttp(told);
      const haveStopped = async () => (await openOf(told, BUSY)) === 0;
      await until(haveStopped, 'claims that were told to stop', PATIENCE_MS);
      // Those without a run cannot be told: reconciliation starts them.
      await ageAll();
      const passes = await passesUntilOver(told);
      t.diagnostic(`${4 * FULL} claims in ${seconds(startedMs)} s and ${passes} passes`);
      await assertStopped(told, ['unstarted', ...BUSY]);
    });

    await context.test('by reconciliation, where nobody told them', async (t) => {
      await laurel.stopWorkers();
      await claim([...stayers, ...untold, ...waiting], WAITING);
      await leaveUntold([...untold, ...waiting]);
      await ageAll();
      const startedMs = performance.now();
      await laurel.startWorkers();
      const passes = await passesUntilOver([...untold, ...waiting]);
      const count = 5 * FULL + 2 * waiting.length;
      t.diagnostic(`${count} claims in ${seconds(startedMs)} s and ${passes} passes`);
      await assertStopped(untold, CONDITIONS);
      await assertStopped(waiting, WAITING);
    });

    await context.test(
      'and nothing is left with those who left, nor taken from who stayed',
      async () => {
        await assertUntouched(stayers);
        assert.deepEqual(keptBy([...told, ...untold]), [], 'grants not taken back');
      },
    );

    await context.test('without a question to the visibility store', (t) => {
      t.diagnostic(JSON.stringify(Object.fromEntries(calls)));
      assert.ok(calls.get('signalWithStartWorkflowExecution'), 'no call was counted');
      assert.deepEqual([...calls.keys()].filter(isVisibility), []);
    });
  });
});

describe('10,000 open claims of 2,500 players, half of whom have left', () => {
  const RECORDS = 10_000;
  const STATES = [
    'PENDING_VALIDATION',
    'RESERVING_STOCK',
    'FULFILLING',
    'NEEDS_ATTENTION',
  ] as const;
  const userIds = Array.from({ length: RECORDS / STATES.length }, () => unique('usr'));
  const leavers = new Set(userIds.slice(0, userIds.length / 2));
  const idsOf = (users: string[], states: readonly ClaimState[] = STATES) =>
    users.flatMap((id) => states.map((state) => claimIdOf(id, state)));
  const ids = new Set(idsOf(userIds));

  before(async () => {
    const { claims, users } = laurel.store;
    const { entitlements: _, ...claimed } = (await claims.accept(newClaim())).claim;
    const user = await users.model.findById((await laurel.signIn()).id).lean();
    assert.ok(user);
    const records = userIds.flatMap((userId) =>
      STATES.map((state): Claim => {
        const ofUser = { _id: claimIdOf(userId, state), userId, idempotencyKey: state };
        return { ...claimed, ...ofUser, state, updatedAt: new Date(0), recordedAt: new Date(0) };
      }),
    );
    await claims.model.insertMany(records, { lean: true });
    const status = (id: string) => (leavers.has(id) ? 'BANNED' : 'ACTIVE');
    await users.model.insertMany(
      userIds.map((_id) => ({ ...user, _id, usernameKey: _id, status: status(_id) })),
      { lean: true },
    );
  });
  after(async () => {
    await laurel.store.claims.model.deleteMany({ userId: { $in: userIds } });
  });

  /** How the server found claims for this work: by which plan, looking at how many documents. */
  const plansOf = async (work: () => Promise<unknown>) => {
    type Seen = Awaited<ReturnType<typeof profiled>>[number] & {
      docsExamined: number;
      originatingCommand?: Record<string, unknown>;
    };
    const seen = (await profiled(laurel.database, 'claims', work)) as Seen[];
    // The stream of changes and the claims that run read on meanwhile.
    const isOfOpen = ({ find, filter }: Record<string, unknown>) =>
      find === 'claims' && (filter as { open?: boolean }).open === true;
    return seen
      .filter((s) => isOfOpen(s.originatingCommand ?? s.command))
      .map((s) => ({ plan: s.planSummary, documents: s.docsExamined }));
  };

  it('are told to stop by one pass where they would not find out, each once, a few at a time', async (context) => {
    const { runs } = laurel.upkeep;
    const woken: string[] = [];
    const looked: string[] = [];
    let [now, most] = [0, 0];
    const note = async (list: string[], { _id }: { _id: string }): Promise<void> => {
      if (ids.has(_id)) list.push(_id);
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
    };
    const fake: Pick<ClaimRuns, 'wake' | 'ensure'> = {
      wake: (claimed) => note(woken, claimed).then(() => true),
      ensure: (claimed) => note(looked, claimed).then(() => false),
    };
    Object.assign(laurel.upkeep, { runs: fake });
    const startedMs = performance.now();
    await reconcile(laurel);
    context.diagnostic(`${RECORDS} claims looked at in ${seconds(startedMs)} s`);
    Object.assign(laurel.upkeep, { runs });

    // What has not come to S4 reads the player's record by itself: it only needs a run.
    const waiting = new Set(idsOf([...leavers], ['FULFILLING', 'NEEDS_ATTENTION']));
    const unlike = (list: string[], isRight: (id: string) => boolean) =>
      list.filter((id) => !isRight(id)).length;
    assert.equal(
      unlike(woken, (id) => waiting.has(id)),
      0,
    );
    assert.equal(
      unlike(looked, (id) => !waiting.has(id)),
      0,
    );
    assert.deepEqual([woken.length, new Set(woken).size], [waiting.size, waiting.size]);
    const others = RECORDS - waiting.size;
    assert.deepEqual([looked.length, new Set(looked).size], [others, others]);
    assert.ok(most <= 64, `${most} calls to Temporal at once`);
  });

  it('are found by an index: the oldest first, whatever ended before, or among those of one player', async () => {
    const [userId] = leavers;
    assert.ok(userId);
    const { claims } = laurel.store;
    const [found] = await claims.openOf(userId);
    assert.ok(found);
    const { open: _open, ...final } = found;
    const ended = Array.from({ length: 1_000 }, (_, n): Claim => {
      return { ...final, _id: unique('clm'), idempotencyKey: `old-${n}`, state: 'GRANTED' };
    });
    await claims.model.insertMany(ended, { lean: true });

    const ofOne = await plansOf(() => claims.openOf(userId));
    // Nobody else's, whatever the others have; an index of the open ones alone would cost each claim.
    const documents = STATES.length + ended.length;
    assert.deepEqual(ofOne, [{ plan: 'IXSCAN { userId: 1, createdAt: -1, _id: -1 }', documents }]);
    let count = 0;
    const ofAll = await plansOf(async () => {
      for await (const claimed of claims.openClaims()) if (claimed.open) count += 1;
    });
    assert.ok(count >= RECORDS);
    assert.ok(ofAll.length > 1, 'not all in one piece');
    for (const { plan } of ofAll) assert.equal(plan, 'IXSCAN { acceptedAt: 1 }');
    assert.equal(
      ofAll.reduce((sum, { documents }) => sum + documents, 0),
      count,
    );
  });
});
