/** MongoDB is restored from a backup; Temporal and the game know more: `docs/backup-and-disaster.md`. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { mongo } from 'mongoose';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { CLAIM_WORKFLOW } from '../../workflows/contract.ts';
import { answered } from '../game-claims.ts';
import { ended, gameEvent, leaveAlone, reconcile, recordOnce, until } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, GRANTED_BY_GAME, outcomeOf } from '../outcomes.ts';

const PATIENCE_MS = 60_000;

/** What the game does for each claim, by what becomes of the claim after the backup. */
const RULES = {
  retried: [{ do: 'fail', on: ['grant', 'lookup'], times: 3 }],
  granted: [{ do: 'pending' }],
  parked: [{ do: 'pending' }],
  made: [],
  makingProgress: [{ do: 'fail', retryAfter: '60', times: 1 }],
} satisfies Record<string, RuleInput[]>;
type Name = keyof typeof RULES;

interface Story {
  eventId: string;
  token: string;
  key: string;
  claimId: string;
}

let laurel: Laurel;
let stories: Record<Name, Story>;

/** A player and an event that the game treats so; nothing is claimed yet. */
async function prepare(name: Name): Promise<Story> {
  const { eventId } = await gameEvent(laurel);
  laurel.game.rules.add(RULES[name].map((rule: RuleInput) => ({ ...rule, eventId })));
  const { id, token } = await laurel.signIn();
  return { eventId, token, key: 'mine', claimId: claimIdOf(id, 'mine') };
}

const claim = async (name: Name) => {
  const { eventId, token, key } = stories[name];
  return await laurel.claim(eventId, token, { key });
};

function database(): mongo.Db {
  const { db } = laurel.database;
  assert.ok(db);
  return db;
}

type Backup = Map<string, mongo.Document[]>;

async function backUp(): Promise<Backup> {
  const collections = await database().collections();
  const all = collections.map(async (c) => [c.collectionName, await c.find().toArray()] as const);
  return new Map(await Promise.all(all));
}

async function restore(backup: Backup): Promise<void> {
  for (const collection of await database().collections()) {
    await collection.deleteMany({});
    const documents = backup.get(collection.collectionName) ?? [];
    if (documents.length > 0) await collection.insertMany(documents);
  }
}

/** As `temporal workflow terminate --query …` does. */
async function terminateAll(): Promise<void> {
  const query = `WorkflowType = "${CLAIM_WORKFLOW}" AND ExecutionStatus = "Running"`;
  await until(async () => {
    let left = 0;
    for await (const { workflowId, runId } of laurel.client.workflow.list({ query })) {
      left += 1;
      await laurel.client.workflow
        .getHandle(workflowId, runId)
        .terminate()
        .catch(() => {});
    }
    return left === 0;
  }, 'every run to be terminated');
}

const outcomeAt = (name: Name) => outcomeOf(laurel, stories[name].claimId, PATIENCE_MS);
const parkedOnce = (name: Name) =>
  recordOnce(
    laurel,
    stories[name].claimId,
    ({ state }) => state === 'NEEDS_ATTENTION',
    PATIENCE_MS,
  );
const endedOnce = (name: Name) => ended(laurel, stories[name].claimId, PATIENCE_MS);
const askedOnce = (name: Name) => answered(laurel, stories[name].claimId, 'grant');

before(async () => {
  // The failures that each rule counts are those of attempts.
  laurel = await startLaurel({ firstTries: false });
  const names = Object.keys(RULES) as Name[];
  const prepared = names.map(async (name) => [name, await prepare(name)] as const);
  stories = Object.fromEntries(await Promise.all(prepared)) as typeof stories;

  await Promise.all([claim('retried'), claim('granted'), claim('parked')]);
  await Promise.all([parkedOnce('retried'), askedOnce('granted'), askedOnce('parked')]);
  const backup = await backUp();

  await decide(laurel, stories.retried.claimId, 'retry');
  laurel.game.settle(`${stories.granted.claimId}:cape`, 'GRANTED');
  await Promise.all([claim('made'), claim('makingProgress')]);
  await Promise.all(['retried', 'granted', 'made'].map((name) => endedOnce(name as Name)));
  await Promise.all([parkedOnce('parked'), askedOnce('makingProgress')]);

  await laurel.stopWorkers();
  await restore(backup);
  await terminateAll();
  await laurel.startWorkers();
  for (const { claimId } of Object.values(stories)) await leaveAlone(laurel, claimId);
  await reconcile(laurel);
});
after(() => laurel.stop());

describe('MongoDB is restored from a backup that is older than Temporal and the game', () => {
  it('a claim that was granted since is counted once more, and given once', async () => {
    assert.deepEqual(await outcomeAt('granted'), GRANTED_BY_GAME);
  });

  it('a claim that was retried since is parked again, and is retried, and given once', async () => {
    await parkedOnce('retried');
    await decide(laurel, stories.retried.claimId, 'retry');
    assert.deepEqual(await outcomeAt('retried'), GRANTED_BY_GAME);
  });

  it('a claim that was parked since goes on from what the backup says', async () => {
    await parkedOnce('parked');
    laurel.game.settle(`${stories.parked.claimId}:cape`, 'GRANTED');
    assert.deepEqual(await outcomeAt('parked'), GRANTED_BY_GAME);
  });

  it('a claim that was made since is gone, and comes back with its key, given once', async () => {
    assert.equal(await laurel.store.claims.get(stories.made.claimId), null);
    const [gone] = laurel.game
      .ledger()
      .filter(({ grantId }) => grantId.startsWith(stories.made.claimId));
    assert.equal(gone?.state, 'GRANTED', 'the game remembers what we have forgotten');

    assert.equal((await claim('made')).body.claimId, stories.made.claimId);
    await leaveAlone(laurel, stories.made.claimId);
    await reconcile(laurel);
    assert.deepEqual(await outcomeAt('made'), GRANTED_BY_GAME);
  });

  it('so does one whose run was under way', async () => {
    assert.equal(await laurel.store.claims.get(stories.makingProgress.claimId), null);
    assert.equal((await claim('makingProgress')).body.claimId, stories.makingProgress.claimId);
    assert.deepEqual(await outcomeAt('makingProgress'), GRANTED_BY_GAME);
  });
});
