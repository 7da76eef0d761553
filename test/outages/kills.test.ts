/** `kill -9` of each process of a running stack, at the worst of times. Players do what players do: repeat. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type components, dataOf } from '../../client/index.ts';
import { type Api, join as joinAs, type Player, signIn } from '../../lab/demo/client.ts';
import { type RunningStack, type StackProcess, startStack } from '../stack.ts';

const PLAYERS = 12;
const STOCK = 100;
const PASSWORD = 'a password for kill tests';

/** From a worker's death to the next try of its tasks Temporal waits out their timeouts: 10 s each. */
const END_WITHIN_MS = 90_000;

const ENV = {
  RATE_LIMITS: 'off',
  RECONCILE_INTERVAL_MS: '3000',
  FULFILLMENT_INITIAL_INTERVAL_MS: '200',
  FULFILLMENT_TIMEOUT_MS: '2000',
  // Tokens must outlast the restarts; who is signed in is not what is tested here.
  ACCESS_TOKEN_TTL_S: '3600',
};

type Claim = components['schemas']['Claim'];

const dataDir = mkdtempSync(join(tmpdir(), 'laurel-kills-'));
let stack: RunningStack;
let adminApi: Api;
let players: Player[];

before(async () => {
  stack = await startStack({ dataDir, env: ENV });
  const { admin, api } = stack.file();
  adminApi = await signIn(api.url, admin.username, admin.password);
  players = [];
  for (let n = 0; n < PLAYERS; n++) {
    players.push(await joinAs(api.url, `player-${n}`, PASSWORD));
  }
});

after(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** An open event of one limited reward, through the mailbox or the simulated game. */
async function newEvent(provider: 'mailbox' | 'simulator'): Promise<string> {
  const body: components['schemas']['NewEvent'] = {
    title: 'Kill me',
    startsAt: '2020-01-01T00:00:00Z',
    endsAt: '2100-01-01T00:00:00Z',
    rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: STOCK }],
    fulfillment: { provider },
    status: 'ACTIVE',
  };
  return (await dataOf(adminApi.POST('/api/events', { body }))).eventId;
}

/** Claims as a client should: the same key again until there is an answer. */
async function claim({ api }: Player, eventId: string): Promise<string> {
  const params = { path: { eventId }, header: { 'Idempotency-Key': randomUUID() } };
  for (;;) {
    try {
      const claimed = await api.POST('/api/event-claims/{eventId}/claim', { params });
      if (claimed.data) return claimed.data.claimId;
      assert.equal(claimed.response.status, 503, JSON.stringify(claimed.error));
    } catch (error) {
      // The connection broke: nobody knows whether the claim was recorded.
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(100);
  }
}

/** The claim once it is final, asked for past whatever is down. */
async function ended({ api }: Player, claimId: string): Promise<Claim> {
  const params = { path: { claimId }, header: { Prefer: 'wait=5' } };
  const deadlineMs = performance.now() + END_WITHIN_MS;
  let last = 'nothing';
  while (performance.now() < deadlineMs) {
    try {
      const { data, response } = await api.GET('/api/event-claims/{claimId}', { params });
      last = `${response.status} ${data?.state}`;
      if (data && ['GRANTED', 'REJECTED', 'FAILED'].includes(data.state)) return data;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(200);
  }
  throw new Error(`${claimId} has not ended in time: ${last}`);
}

interface LedgerGrant {
  grantId: string;
  state: string;
  applied: number;
}

async function ledger(): Promise<LedgerGrant[]> {
  const response = await fetch(`${stack.file().simulator?.url}/control/ledger`);
  return ((await response.json()) as { grants: LedgerGrant[] }).grants;
}

/** Every player's claim was granted once, the game gave each once, and the stock adds up. */
async function checkBooks(eventId: string, claimIds: string[], provider: string): Promise<void> {
  const params = { path: { eventId } };
  const stats = await dataOf(adminApi.GET('/api/events/{eventId}/stats', { params }));
  const left = STOCK - PLAYERS;
  assert.deepEqual(
    stats.rewards,
    [{ rewardId: 'cape', stock: STOCK, available: left, held: 0, granted: PLAYERS }],
    'stock = available + held + granted, and nothing is held once all claims ended',
  );
  assert.deepEqual(stats.claims, { GRANTED: PLAYERS });
  if (provider !== 'simulator') return;
  const given = (await ledger()).filter((g) => claimIds.includes(g.grantId.split(':')[0] ?? ''));
  assert.deepEqual(
    given.map(({ state, applied }) => ({ state, applied })),
    Array.from({ length: PLAYERS }, () => ({ state: 'GRANTED', applied: 1 })),
    'the game gave each claim its reward once',
  );
}

/** All players claim both events while `disturb` does its work; every claim must end well. */
async function playThrough(disturb: (accepted: () => number) => Promise<void>): Promise<void> {
  const events = [
    { provider: 'mailbox', eventId: await newEvent('mailbox') },
    { provider: 'simulator', eventId: await newEvent('simulator') },
  ];
  let accepted = 0;
  const claims = events.flatMap(({ eventId }) =>
    players.map(async (player) => {
      const claimId = await claim(player, eventId);
      accepted += 1;
      return { eventId, claimId, end: await ended(player, claimId) };
    }),
  );
  await disturb(() => accepted);
  const all = await Promise.all(claims);
  for (const { eventId, provider } of events) {
    const own = all.filter((c) => c.eventId === eventId);
    assert.deepEqual([...new Set(own.map((c) => c.end.state))], ['GRANTED']);
    const claimIds = own.map((c) => c.claimId);
    await checkBooks(eventId, claimIds, provider);
  }
}

async function killAndAwait(name: StackProcess): Promise<void> {
  const pid = stack.kill(name);
  await stack.waitForRestart(name, pid);
}

describe('no accepted claim is lost and none is granted twice', () => {
  test('when the worker is killed while claims run, twice', async () => {
    await playThrough(async (accepted) => {
      while (accepted() < PLAYERS) await sleep(5);
      await killAndAwait('worker');
      await killAndAwait('worker');
    });
  });

  test('when the API is killed while it accepts', async () => {
    await playThrough(async (accepted) => {
      while (accepted() < 3) await sleep(1);
      await killAndAwait('api');
    });
  });

  test('when MongoDB is killed while claims run', async () => {
    await playThrough(async (accepted) => {
      while (accepted() < PLAYERS) await sleep(5);
      await killAndAwait('mongod');
    });
  });

  test('when Temporal is killed while claims run', async () => {
    await playThrough(async (accepted) => {
      while (accepted() < PLAYERS) await sleep(5);
      await killAndAwait('temporal');
    });
  });

  test('when the whole stack is stopped and started again over the same data', async () => {
    const port = Number(new URL(stack.file().api.url).port);
    await playThrough(async (accepted) => {
      while (accepted() < PLAYERS) await sleep(5);
      await stack.killSupervisor();
      stack = await startStack({ dataDir, port, env: ENV });
    });
  });
});
