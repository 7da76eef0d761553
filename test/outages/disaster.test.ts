/** Temporal's data are lost with claims running, MongoDB's are kept: `docs/backup-and-disaster.md`. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type components, dataOf } from '../../client/index.ts';
import { type Api, join as joinAs, signIn } from '../../lab/demo/client.ts';
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';
import { until } from '../helpers.ts';
import { uniqueName } from '../servers.ts';
import { type RunningStack, startStack } from '../stack.ts';

const ENV = {
  RATE_LIMITS: 'off',
  RECONCILE_INTERVAL_MS: '2000',
  FULFILLMENT_MAX_ATTEMPTS: '3',
  FULFILLMENT_INITIAL_INTERVAL_MS: '100',
  // Longer than the test: what is under way when the disaster strikes has no answer yet.
  FULFILLMENT_TIMEOUT_MS: '60000',
  ACCESS_TOKEN_TTL_S: '3600',
};
const PATIENCE_MS = 90_000;
const STOCK = 100;

/** What a claim is doing when the disaster strikes, and how the game brings it there. */
const STAGES = {
  granted: [],
  /** The game has given it, and its answer is under way for longer than Temporal lives. */
  running: [{ do: 'delay', delayMs: 120_000 }],
  retrying: [{ do: 'fail', retryAfter: '120' }],
  undoing: [{ do: 'refuse' }, { do: 'fail', on: ['revoke'], retryAfter: '120' }],
  parkedAndRetried: [{ do: 'fail' }],
  parkedAndAborted: [{ do: 'dropAfterGrant' }, { do: 'fail', on: ['lookup'] }],
  parkedAndLeft: [{ do: 'fail' }],
} satisfies Record<string, RuleInput[]>;
type Stage = keyof typeof STAGES;
const NAMES = Object.keys(STAGES) as Stage[];

type Claim = components['schemas']['Claim'];

interface Story {
  userId: string;
  api: Api;
  key: string;
  claimId: string;
}

const dataDir = mkdtempSync(join(tmpdir(), 'laurel-disaster-'));
let stack: RunningStack;
let admin: Api;
let eventId: string;
let stories: Record<Stage, Story>;

const atSimulator = async (path: string, init?: RequestInit) =>
  await fetch(`${stack.file().simulator?.url}/control/${path}`, init);

async function claim({ api, key }: Pick<Story, 'api' | 'key'>) {
  const params = { path: { eventId }, header: { 'Idempotency-Key': key } };
  return await api.POST('/api/event-claims/{eventId}/claim', { params });
}

/** A new player claims, and the game does to them what the stage takes. */
async function tell(stage: Stage): Promise<Story> {
  const key = uniqueName('key');
  const player = await joinAs(stack.file().api.url, uniqueName(stage), 'a password for disasters');
  const rules = STAGES[stage].map((rule: RuleInput) => ({ ...rule, userId: player.userId }));
  if (rules.length > 0) await atSimulator('rules', { method: 'POST', body: JSON.stringify(rules) });
  const { claimId } = await dataOf(claim({ ...player, key }));
  return { ...player, key, claimId };
}

async function claimOf(stage: Stage): Promise<Claim> {
  const { claimId, api } = stories[stage];
  return await dataOf(api.GET('/api/event-claims/{claimId}', { params: { path: { claimId } } }));
}

/** Resolves once the claim is in that state. */
async function stateOnce(stage: Stage, state: string): Promise<Claim> {
  const what = `the ${stage} claim to be ${state}`;
  return await until(
    async () => {
      const now = await claimOf(stage);
      return now.state === state && now;
    },
    what,
    PATIENCE_MS,
  );
}

/** Resolves once the game has been asked so for the claim. */
async function askedOnce(stage: Stage, verb: string): Promise<void> {
  const { claimId } = stories[stage];
  await until(async () => {
    const { requests } = (await (await atSimulator('requests')).json()) as {
      requests: { verb: string; grantId: string | null }[];
    };
    return requests.some((r) => r.verb === verb && r.grantId?.startsWith(claimId));
  }, `the game to get a ${verb}`);
}

async function decide(stage: Stage, decision: 'retry' | 'abort'): Promise<void> {
  const { claimId } = stories[stage];
  const call = { params: { path: { claimId } }, body: {} };
  await dataOf(admin.POST(`/api/event-claims/{claimId}/${decision}`, call));
}

/** Temporal dies and comes back with nothing, while everything else runs on. */
async function loseTemporalsData(): Promise<void> {
  const { pid } = stack.file().supervisor;
  process.kill(pid, 'SIGSTOP');
  const temporal = stack.kill('temporal');
  for (const file of ['temporal.db', 'temporal.db-wal', 'temporal.db-shm']) {
    await rm(join(dataDir, 'temporal', file), { force: true });
  }
  process.kill(pid, 'SIGCONT');
  await stack.waitForRestart('temporal', temporal);
}

before(async () => {
  stack = await startStack({ dataDir, env: ENV });
  const { admin: is, api: at } = stack.file();
  admin = await signIn(at.url, is.username, is.password);
  const body: components['schemas']['NewEvent'] = {
    title: 'Before the flood',
    startsAt: '2020-01-01T00:00:00Z',
    endsAt: '2100-01-01T00:00:00Z',
    rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: STOCK }],
    fulfillment: { provider: 'simulator' },
    status: 'ACTIVE',
  };
  ({ eventId } = await dataOf(admin.POST('/api/events', { body })));
  const told = NAMES.map(async (stage) => [stage, await tell(stage)] as const);
  stories = Object.fromEntries(await Promise.all(told)) as typeof stories;

  await stateOnce('granted', 'GRANTED');
  await stateOnce('undoing', 'COMPENSATING');
  await askedOnce('running', 'grant');
  await askedOnce('retrying', 'grant');
  for (const stage of ['parkedAndRetried', 'parkedAndAborted', 'parkedAndLeft'] as const) {
    await stateOnce(stage, 'NEEDS_ATTENTION');
  }

  await loseTemporalsData();
  // The game has a better day, as its own restart would bring.
  await atSimulator('rules', { method: 'DELETE' });
});
after(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('Temporal’s data are lost with claims running, and MongoDB’s kept', () => {
  it('what ran, was retried or undone comes to its end by itself', async () => {
    await stateOnce('running', 'GRANTED');
    await stateOnce('retrying', 'GRANTED');
    const { reason } = await stateOnce('undoing', 'FAILED');
    assert.equal(reason, 'FULFILLMENT_REFUSED');
  });

  it('what was parked stays parked, and can be retried and aborted', async () => {
    await decide('parkedAndRetried', 'retry');
    await decide('parkedAndAborted', 'abort');
    await stateOnce('parkedAndRetried', 'GRANTED');
    const { reason } = await stateOnce('parkedAndAborted', 'FAILED');
    assert.equal(reason, 'ABORTED_BY_ADMIN');
    assert.equal((await claimOf('parkedAndLeft')).state, 'NEEDS_ATTENTION');
  });

  it('a key that was used gets its claim, though Temporal has forgotten the run', async () => {
    const { data, response } = await claim(stories.granted);
    const replayed = response.headers.get('idempotency-replayed');
    assert.deepEqual(
      [response.status, replayed, data?.claimId, data?.state],
      [200, 'true', stories.granted.claimId, 'GRANTED'],
    );
  });

  it('nothing was given twice, and the stock adds up', async () => {
    const { grants } = (await (await atSimulator('ledger')).json()) as { grants: LedgerGrant[] };
    const given = (stage: Stage) => {
      const grant = grants.find((g) => g.grantId.startsWith(stories[stage].claimId));
      return grant && `${grant.state} ×${grant.applied}`;
    };
    assert.deepEqual(Object.fromEntries(NAMES.map((stage) => [stage, given(stage)])), {
      granted: 'GRANTED ×1',
      running: 'GRANTED ×1',
      retrying: 'GRANTED ×1',
      undoing: 'REFUSED ×0',
      parkedAndRetried: 'GRANTED ×1',
      parkedAndAborted: 'REVOKED ×1',
      parkedAndLeft: undefined,
    });
    const params = { path: { eventId } };
    const stats = await dataOf(admin.GET('/api/events/{eventId}/stats', { params }));
    assert.deepEqual(stats.rewards, [
      { rewardId: 'cape', stock: STOCK, available: STOCK - 5, held: 1, granted: 4 },
    ]);
    assert.deepEqual(stats.claims, { GRANTED: 4, FAILED: 2, NEEDS_ATTENTION: 1 });
  });

  it('reconciliation tells how many runs it started', async () => {
    const { runs } = await dataOf(admin.GET('/api/reconciliation'));
    const started = runs.reduce((sum, { mended }) => sum + mended.runsStarted, 0);
    // The decisions may have come first: they start a run themselves.
    assert.ok(started >= 3, `${started} runs`);
    assert.deepEqual(
      runs.flatMap(({ unbalanced }) => unbalanced),
      [],
    );
  });
});
