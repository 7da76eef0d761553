/**
 * An API that dies between two writes of one request: recording the claim, holding its units,
 * rejecting it, starting its run. Nothing is lost, whether the player asks again or never does.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Starter } from '../api/claims/admission/starter.ts';
import { NOTHING_MENDED } from '../domain/claims/reconciliation.ts';
import type { EventFields } from '../domain/events/event.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { NOWHERE, REWARDS } from './crash-points.ts';
import { event, leaveAlone, reconcile } from './helpers.ts';
import { type ClaimAnswer, type Laurel, startLaurel } from './laurel.ts';
import { createMortal, groupsIn } from './mortal.ts';
import { outcomeOf } from './outcomes.ts';
import { uniqueName } from './servers.ts';

const ROOT = dirname(import.meta.dirname);

/** Calls of the API for a claim that change nothing. */
const READS = [
  'events.get',
  'claims.get',
  'claims.findByKey',
  'claims.isUsedUp',
  'claims.mayBeStarted',
  'stock.soldOut',
  'users.get',
];
/** Calls that are answered within the process. */
const IN_PROCESS = ['claims.recorderUntil'];
/** Writes in the same folder that no request for a claim makes: an admin's decision on it. */
const ELSEWHERE = ['claims.decide'];

interface ClaimPath {
  name: string;
  /** Every write on it, in the order of their first time: the API dies before and after each. */
  writes: string[];
  event?: Partial<EventFields>;
  prepare?(eventId: string): Promise<unknown>;
  ending: Omit<Awaited<ReturnType<typeof outcomeOf>>, 'steps'>;
}

const both = <T extends string>(of: T) => ({ cape: of, mount: of });
const GRANTED = { end: 'GRANTED', lines: both('GRANTED'), isEntitled: true };
const SET_ASIDE = ['events.markClaimed', 'claims.accept', 'stock.reserve'];

const PATHS: ClaimPath[] = [
  {
    name: 'that is held and handed to its run',
    writes: [...SET_ASIDE, 'starter.start'],
    event: { fulfillment: { provider: 'game' } },
    ending: { ...GRANTED, given: both('GRANTED ×1'), levels: both('10 = 9 + 0 + 1') },
  },
  {
    name: 'that is left to its run',
    writes: ['events.markClaimed', 'claims.accept', 'starter.start'],
    event: { condition: { metric: 'account.ageDays', atLeast: 0 } },
    ending: { ...GRANTED, given: both('GRANTED'), levels: both('10 = 9 + 0 + 1') },
  },
  {
    name: 'that is rejected, as the second of two rewards is sold out',
    writes: [...SET_ASIDE, 'claims.refuse', 'stock.release'],
    prepare: (eventId) =>
      laurel.store.stock.model.updateOne(
        { eventId, rewardId: 'mount' },
        { available: 0, granted: 10 },
      ),
    ending: {
      end: 'REJECTED / SOLD_OUT',
      lines: both('CANCELLED'),
      isEntitled: false,
      given: both('NEVER_SEEN'),
      levels: { cape: '10 = 10 + 0 + 0', mount: '10 = 0 + 0 + 10' },
    },
  },
];

/** Before it nothing stands on record: who never asks again has no claim. */
const UNRECORDED = [
  'before events.markClaimed',
  'after events.markClaimed',
  'before claims.accept',
];

interface Sent {
  path: ClaimPath;
  point: string;
  /** Whether the player asks again with the same key. */
  asksAgain: boolean;
  claimId: string;
  eventId: string;
  userId: string;
  token: string;
  key: string;
  reached: PromiseWithResolvers<void>;
  isReached: boolean;
  calls: Set<string>;
  answer?: ClaimAnswer;
}

let laurel: Laurel;
const sent: Sent[] = [];

const named = (args: unknown[]): Sent | undefined => {
  const text = JSON.stringify(args);
  return sent.find((c) => [c.claimId, c.userId, c.eventId].some((id) => text.includes(id)));
};
const sentAs = (claimId: string) => sent.find((c) => c.claimId === claimId);

const mortal = createMortal({
  claimOf: (args) => named(args)?.claimId,
  pointOf: (claimId) => {
    const claim = sentAs(claimId);
    // One request dies there; whatever else comes for the claim meets an API that lives.
    return claim?.isReached ? undefined : claim?.point;
  },
  isDead: () => false,
  onReached(claimId) {
    const claim = sentAs(claimId);
    if (!claim) return;
    claim.isReached = true;
    claim.reached.resolve();
  },
  onCall: (claimId, call) => void sentAs(claimId)?.calls.add(call),
});

async function player(path: ClaimPath, point: string, asksAgain: boolean): Promise<Sent> {
  const { eventId } = await event(laurel, { rewards: REWARDS, ...path.event });
  await path.prepare?.(eventId);
  const { id: userId, token } = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(userId, key);
  const reached = Promise.withResolvers<void>();
  const names = { claimId, eventId, userId, token, key };
  return { path, point, asksAgain, ...names, reached, isReached: false, calls: new Set() };
}

/** Makes the claim; resolves once its request is dead, or answered where it stops nowhere. */
async function send(claim: Sent): Promise<void> {
  const { eventId, token, key, reached } = claim;
  const answered = laurel.claim(eventId, token, { key, waitS: 30 });
  // A dead request is cut when all is over.
  answered.catch(() => {});
  if (claim.point === NOWHERE) claim.answer = await answered;
  else await Promise.race([reached.promise, answered]);
}

before(async () => {
  const starter: Starter = { start: (claim, recorder) => laurel.runs.start(claim, recorder) };
  laurel = await startLaurel({
    apiStore: mortal.around,
    api: mortal.around({ starter }),
    // A dead request keeps its slot in front of the record.
    admission: { atOnce: 64, waiting: 64, patienceMs: 60_000 },
  });
  for (const path of PATHS) {
    sent.push(await player(path, NOWHERE, false));
    for (const point of path.writes.flatMap((call) => [`before ${call}`, `after ${call}`])) {
      sent.push(await player(path, point, true));
      if (!UNRECORDED.includes(point)) sent.push(await player(path, point, false));
    }
  }
  await Promise.all(sent.map(send));
  await Promise.all(sent.map(({ claimId }) => leaveAlone(laurel, claimId)));
  await Promise.all(
    sent
      .filter((claim) => claim.asksAgain)
      .map(async (claim) => {
        const { eventId, token, key } = claim;
        claim.answer = await laurel.claim(eventId, token, { key, waitS: 30 });
      }),
  );
  await reconcile(laurel);
});
after(() => laurel.stop());

async function checkEnding({ claimId, path, answer }: Sent): Promise<void> {
  const { steps: _, ...outcome } = await outcomeOf(laurel, claimId);
  assert.deepEqual(outcome, path.ending);
  if (!answer) return;
  const { body } = answer;
  assert.equal(body.claimId, claimId);
  assert.equal(body.reason === null ? body.state : `${body.state} / ${body.reason}`, outcome.end);
}

describe('an API that dies on the path of a claim', () => {
  for (const path of PATHS) {
    describe(path.name, () => {
      for (const point of path.writes.flatMap((call) => [`before ${call}`, `after ${call}`])) {
        it(point, async () => {
          const claims = sent.filter((c) => c.path === path && c.point === point);
          assert.ok(claims.length > 0);
          for (const claim of claims) {
            assert.ok(claim.isReached, 'the request came to its point');
            await checkEnding(claim);
          }
        });
      }
    });
  }
});

describe('the points are all there are', () => {
  for (const path of PATHS) {
    it(`on the path of a claim ${path.name}`, async () => {
      const claim = sent.find((c) => c.path === path && c.point === NOWHERE);
      assert.ok(claim);
      const writes = [...claim.calls].filter((call) => !READS.includes(call));
      assert.deepEqual(writes, path.writes);
      await checkEnding(claim);
    });
  }

  it('for every call in the code that accepts a claim', () => {
    const groups = [...groupsIn(laurel.store), 'starter'].join('|');
    // Every file of the folder, so that none that is new can escape.
    const files = globSync('api/claims/**/*.ts', { cwd: ROOT }).filter(
      (file) => !file.endsWith('.test.ts'),
    );
    const code = [...files, 'api/routes/claims.ts']
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const found = code.matchAll(new RegExp(`\\b(?:${groups})\\.(?!ts\\b)[a-z]\\w*`, 'gi'));
    const known = new Set([
      ...READS,
      ...IN_PROCESS,
      ...ELSEWHERE,
      ...PATHS.flatMap(({ writes }) => writes),
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
    const kinds = Object.keys(NOTHING_MENDED).map((kind) => [kind, Reflect.get(pass, kind)]);
    assert.deepEqual(
      { unbalanced, failures, mended: Object.fromEntries(kinds) },
      { unbalanced: [], failures: 0, mended: NOTHING_MENDED },
    );
  });
});
