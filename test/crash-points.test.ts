/**
 * The worker process is killed (`kill -9`) at every point of a claim's path, and another takes over.
 * One worker brings a claim to each point and one kill is for all, as a lost worker is missed only
 * after ten seconds.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nextChange } from '../api/claims/wait.ts';
import { isFinal } from '../domain/claims/claim.ts';
import { NOTHING_MENDED } from '../domain/claims/reconciliation.ts';
import { type Child, startChild } from '../local/processes/child-process.ts';
import { LineWatch } from '../local/processes/line-watch.ts';
import { type ClaimChanges, watchClaims } from '../store/claims/claim-changes.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import { activityDeps } from '../worker/deps.ts';
import { type CrashClaim, PATIENCE_MS } from './crash-plays.ts';
import {
  type ClaimPath,
  type CrashOrders,
  endingAt,
  NOWHERE,
  PATHS,
  pointsOn,
  READS,
  REWARDS,
  type Told,
} from './crash-points.ts';
import { requestsFor } from './game-claims.ts';
import { event, reconcile, recordOf, until, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { groupsIn } from './mortal.ts';
import { outcomeOf } from './outcomes.ts';
import { type TestServers, testServers, uniqueName } from './servers.ts';

const ROOT = dirname(import.meta.dirname);

const SETTINGS = {
  GAUGES: {},
  FULFILLMENT_TIMEOUT_MS: 2_000,
  FULFILLMENT_MAX_ATTEMPTS: 6,
  FULFILLMENT_INITIAL_INTERVAL_MS: 50,
  FULFILLMENT_PENDING_TIMEOUT_MS: PATIENCE_MS,
};

/** Calls of activities that are answered within the process. */
const IN_PROCESS = ['pace.enter', 'callLimiter.longestWaitMs', 'callLimiter.isLimited'];

interface Sent extends CrashClaim {
  token: string;
  key: string;
  path: ClaimPath;
  /** Where it stops, or `nowhere`. */
  point: string;
  /** Resolves once it is there; for one that stops nowhere, once it is final. */
  reached: PromiseWithResolvers<void>;
  isReached: boolean;
  /** What is done about it. */
  played: Promise<unknown>;
}

let laurel: Laurel;
let changes: ClaimChanges;
let servers: TestServers;
const workers: Child[] = [];
/** The one that takes over. */
let second: TestWorker;
const sent: Sent[] = [];
/** The writes of claims that stopped nowhere, by claim, in the order of their first time. */
const writes = new Map<string, string[]>();

/** Resolves once the claim's record is so. @throws AssertionError where it does not come to it */
async function seen(claimId: string, fits: (claim: Claim) => boolean): Promise<void> {
  const read = () => laurel.store.claims.get(claimId);
  const { signal } = new AbortController();
  const limits = { timeoutMs: PATIENCE_MS, signal, isEnough: fits };
  const claim = await nextChange(changes, claimId, read, limits);
  assert.ok(claim && fits(claim), `${fits} holds for ${JSON.stringify(claim)}`);
}

const final = (claimId: string) => seen(claimId, (claim) => isFinal(claim.state));

/** Resolves once all are settled or the time is up. What is not settled fails its own test. */
async function settled(promises: Promise<unknown>[]): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, PATIENCE_MS / 2);
  await Promise.race([Promise.allSettled(promises), late.promise]);
  clearTimeout(timer);
}

/** A player who is about to claim. The claim's ID is known before there is a claim. */
async function player(path: ClaimPath, point: string): Promise<Sent> {
  const { id: userId, token } = await laurel.signIn();
  const key = uniqueName('key');
  const named = { claimId: claimIdOf(userId, key), userId, token, key, eventId: '' };
  const reached = Promise.withResolvers<void>();
  return { ...named, path, point, reached, isReached: false, played: Promise.resolve() };
}

/** Has the claim accepted, on an event of its own; its run is not started yet. */
async function accept(claim: Sent): Promise<void> {
  const { path, token, key } = claim;
  const { eventId } = await event(laurel, { rewards: REWARDS, ...path.event });
  laurel.game.rules.add((path.rules ?? []).map((rule) => ({ ...rule, eventId })));
  claim.eventId = eventId;
  const { status } = await laurel.claim(eventId, token, { key });
  assert.equal(status, 202);
  await path.prepare?.(laurel, claim);
}

/** The settings of a worker process that works for this test. */
function workerEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_TEST_CONTEXT: undefined,
    LOG_LEVEL: 'error',
    MONGODB_URI: servers.mongodbUri(laurel.database.name),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: laurel.namespace,
    PROVIDERS: JSON.stringify({ game: { baseUrl: laurel.game.url, secret: laurel.game.secret } }),
    FULFILLMENT_TIMEOUT_MS: String(SETTINGS.FULFILLMENT_TIMEOUT_MS),
    FULFILLMENT_MAX_ATTEMPTS: String(SETTINGS.FULFILLMENT_MAX_ATTEMPTS),
    FULFILLMENT_INITIAL_INTERVAL_MS: String(SETTINGS.FULFILLMENT_INITIAL_INTERVAL_MS),
    FULFILLMENT_PENDING_TIMEOUT_MS: String(SETTINGS.FULFILLMENT_PENDING_TIMEOUT_MS),
    // Once, when the worker starts.
    RECONCILE_INTERVAL_MS: '86400000',
  };
}

interface TestWorker {
  child: Child;
  /** Resolves once it was killed; rejects with its last words where it ended in any other way. */
  died: Promise<void>;
}

async function startWorker(file: string, more: NodeJS.ProcessEnv = {}): Promise<TestWorker> {
  const lines = new LineWatch();
  const command = {
    file: process.execPath,
    args: [join(ROOT, file)],
    env: { ...workerEnv(), ...more },
  };
  const child = await startChild(command, {
    chunk: () => {},
    line(text, stream) {
      lines.add(text, stream);
      if (text.startsWith('{"claimId"')) hear(JSON.parse(text));
    },
  });
  workers.push(child);
  const died = child.ended.then(({ signal, words }) => {
    if (signal !== 'SIGKILL') throw new Error(`${file}: ${words}\n${lines.lastWords().join('\n')}`);
  });
  died.catch(() => {});
  return { child, died };
}

function hear(told: Told): void {
  if ('reached' in told) {
    const claim = sent.find(({ claimId }) => claimId === told.claimId);
    if (claim) claim.isReached = true;
    claim?.reached.resolve();
    return;
  }
  const known = writes.get(told.claimId) ?? [];
  if (READS.includes(told.call) || known.includes(told.call)) return;
  writes.set(told.claimId, [...known, told.call]);
}

/** Starts the claim's run, however long Temporal takes. */
async function start({ claimId, path }: Sent): Promise<void> {
  const record = await recordOf(laurel, claimId);
  const known = path.isOthers ? undefined : { isHeld: path.isHeld ?? false, isAlone: true };
  const isStarted = () =>
    laurel.runs.start(record, known).then(
      () => true,
      () => false,
    );
  await until(isStarted, `a run of ${claimId}`, PATIENCE_MS);
}

/** A first try is bounded to seconds, which a crowd on a busy machine would use up. */
function groupsOf(claims: Sent[]): Sent[][] {
  const size = 16;
  const many = Math.ceil(claims.length / size);
  return Array.from({ length: many }, (_, n) => claims.slice(n * size, (n + 1) * size));
}

/** Claims that take a while to their points, or to their ends. */
const isEarly = ({ path, point }: Sent) => path.play !== undefined || point === NOWHERE;

/**
 * Starts such a claim; resolves once it waits for somebody, who then waits for `mayAct`, or is at
 * its point before that. One that stops nowhere runs to its end.
 */
async function lead(claim: Sent, mayAct: Promise<void>): Promise<void> {
  const { claimId, path, point, reached } = claim;
  const world = { laurel, seen };
  await start(claim);
  const waits = path.play?.awaits(world, claim) ?? Promise.resolve();
  claim.played = waits
    .then(() => (point === NOWHERE ? undefined : mayAct))
    .then(() => path.play?.does(world, claim));
  // A failure is seen by the test of that point.
  claim.played.catch(() => {});
  if (point !== NOWHERE) return void (await Promise.race([waits, reached.promise]));
  await final(claimId);
  reached.resolve();
}

/**
 * Brings every claim to its point and kills the worker. First come those that somebody must act on;
 * the others start when these wait, so that all are at their points within seconds: after eight,
 * Temporal would be told what a task has done so far, and the next worker would not do that again.
 */
async function killAtAllPoints(worker: TestWorker): Promise<void> {
  const allWait = Promise.withResolvers<void>();
  const waiting = sent.filter(isEarly).map((claim) => lead(claim, allWait.promise));
  await Promise.race([settled(waiting), worker.died]);
  allWait.resolve();
  for (const group of groupsOf(sent.filter((claim) => !isEarly(claim)))) {
    await Promise.all(group.map(start));
    await Promise.race([settled(group.map(({ reached }) => reached.promise)), worker.died]);
  }
  await Promise.race([settled(sent.map(({ reached }) => reached.promise)), worker.died]);
  worker.child.signal('SIGKILL');
  await worker.died;
}

before(async () => {
  // Each run is started when its claim is to go to its point, and takes its units by itself.
  const starter = { start: async () => {} };
  laurel = await startLaurel({ workers: false, api: { starter, holdsEarly: false } });
  changes = watchClaims(laurel.database, () => {});
  servers = await testServers();
  const points = PATHS.flatMap((path) =>
    [NOWHERE, ...pointsOn(path)].map((point) => ({ path, point })),
  );
  sent.push(...(await Promise.all(points.map(({ path, point }) => player(path, point)))));
  const orders: CrashOrders = Object.fromEntries(
    sent.map(({ claimId, point, path }) => [claimId, { point, isTried: path.isTried ?? false }]),
  );
  const worker = await startWorker('test/crash-worker.ts', { CRASH_AT: JSON.stringify(orders) });
  await Promise.all(sent.map(accept));
  await killAtAllPoints(worker);
  second = await startWorker('worker/main.ts');
});

after(async () => {
  for (const worker of workers) worker.signal('SIGKILL');
  await Promise.all(workers.map((worker) => worker.ended));
  await changes?.close();
  await laurel?.stop();
  await servers?.stop();
});

/** How the claim's run closed, however long Temporal takes. */
async function closedAs(claimId: string): Promise<string> {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  const status = () =>
    run.describe().then(
      ({ status: { name } }) => (name === 'RUNNING' ? null : name),
      () => null,
    );
  return await until(status, `${claimId} to close`, PATIENCE_MS);
}

/** The claim came to the end of its path: its record, the stock, the entitlement and the provider agree. */
async function checkEnding({ claimId, path, point, played }: Sent): Promise<void> {
  await Promise.race([played.then(() => final(claimId)), second.died]);
  // Where the claim had ended before, its run has something to take back.
  assert.equal(await closedAs(claimId), 'COMPLETED');
  const { steps, ...outcome } = await outcomeOf(laurel, claimId);
  const told = steps.map((step) => step.split(' ')[0]);
  assert.deepEqual({ ...outcome, steps: told }, endingAt(path, point));
  for (const lineId of Object.keys(path.ending.lines)) {
    const asked = requestsFor(laurel, claimId, lineId).map((request) => request.verb);
    assert.doesNotMatch(
      asked.join(' '),
      /grant grant/,
      'asked again without a look at what it did',
    );
  }
}

function sentTo(path: ClaimPath, point: string): Sent {
  const claim = sent.find((c) => c.path === path && c.point === point);
  assert.ok(claim, 'the claim was accepted');
  return claim;
}

describe('a worker that is killed', { concurrency: true }, () => {
  for (const path of PATHS) {
    describe(`on the path of a claim ${path.name}`, { concurrency: true }, () => {
      for (const point of pointsOn(path)) {
        it(point, async () => {
          const claim = sentTo(path, point);
          assert.ok(claim.isReached, 'the claim came to its point');
          await checkEnding(claim);
        });
      }
    });
  }
});

describe('the points are all there are', () => {
  for (const path of PATHS) {
    it(`on the path of a claim ${path.name}`, async () => {
      const { claimId } = sentTo(path, NOWHERE);
      assert.deepEqual(writes.get(claimId), path.writes);
      await checkEnding(sentTo(path, NOWHERE));
    });
  }

  it('for every write of every path', () => {
    const points = new Set(PATHS.flatMap((path) => path.crashAt));
    const spared = PATHS.flatMap((path) => path.writes).filter((write) => !points.has(write));
    assert.deepEqual(spared, []);
  });

  it('for every call in the code of a claim’s activities', () => {
    const given = groupsIn(activityDeps(laurel.store, { ...SETTINGS, PROVIDERS: {} }));
    // A name of its own in the code: what `deps.provider()` answers.
    const groups = [...given, 'provider'].join('|');
    const files = globSync('activities/*.ts', { cwd: ROOT }).filter(
      // What reconciliation and operations do has crash tests of its own.
      (f) => !['upkeep.ts', 'erase.ts'].includes(basename(f)),
    );
    const code = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    const found = code.matchAll(new RegExp(`\\b(?:${groups})\\.(?!ts\\b)[a-z]\\w*`, 'gi'));
    const known = new Set<string>([
      ...READS,
      ...IN_PROCESS,
      ...PATHS.flatMap((path) => path.crashAt),
    ]);
    assert.deepEqual(
      [...new Set([...found].map(([call]) => call))].filter((call) => !known.has(call)),
      [],
    );
  });
});

describe('when all has ended', () => {
  it('nothing is left for reconciliation to mend', async () => {
    const { unbalanced, failures, ...pass } = await reconcile(laurel);
    const mended = Object.fromEntries(
      Object.keys(NOTHING_MENDED).map((kind) => [kind, Reflect.get(pass, kind)]),
    );
    assert.deepEqual(
      { unbalanced, failures, mended },
      { unbalanced: [], failures: 0, mended: NOTHING_MENDED },
    );
  });
});
