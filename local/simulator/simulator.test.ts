import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, it, type TestContext } from 'node:test';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
import type { RuleInput } from './simulator-rules.ts';
import { isSigned, signMessage } from './simulator-signature.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const running = new Set<Simulator>();
afterEach(async () => {
  await Promise.all([...running].map((simulator) => simulator.close()));
  running.clear();
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ secret, ...options });
  running.add(simulator);
  return simulator;
}

async function stop(simulator: Simulator): Promise<void> {
  running.delete(simulator);
  await simulator.close();
}

function folderFor(test: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'simulator-'));
  test.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

interface Reply {
  status: number;
  state?: string;
  detail?: string;
  retryAfter: string | null;
}

/** One signed call, as Laurel would make it. Rejects where the connection is cut. */
async function call(
  simulator: Simulator,
  method: string,
  where: string,
  more: {
    body?: unknown;
    key?: string;
    headers?: Record<string, string>;
    signal?: AbortSignal;
  } = {},
): Promise<Reply> {
  const body = more.body === undefined ? '' : JSON.stringify(more.body);
  const timestampS = Math.floor(Date.now() / 1000);
  const answer = await fetch(`${simulator.url}${where}`, {
    method,
    headers: {
      ...signMessage(secret, { id: `${method}_${where}`, timestampS, body }),
      'idempotency-key': more.key ?? decodeURIComponent(where.split('/')[2] ?? ''),
      ...more.headers,
    },
    ...(body === '' ? {} : { body }),
    ...(more.signal && { signal: more.signal }),
  });
  const text = await answer.text();
  const said = text === '' ? {} : (JSON.parse(text) as { state?: string; detail?: string });
  return { ...said, status: answer.status, retryAfter: answer.headers.get('retry-after') };
}

function askFor(claim: string, lineId = 'cape') {
  return {
    grantId: `clm_${claim}:${lineId}`,
    claimId: `clm_${claim}`,
    userId: `usr_${claim}`,
    eventId: 'evt_1',
    reward: { rewardId: lineId, kind: 'ITEM', name: 'Frost cape', quantity: 1 },
  };
}

async function post(simulator: Simulator, claim = 'a', signal?: AbortSignal): Promise<Reply> {
  const body = askFor(claim);
  return await call(simulator, 'POST', '/grants', {
    body,
    key: body.grantId,
    ...(signal && { signal }),
  });
}

const get = (simulator: Simulator, claim = 'a') =>
  call(simulator, 'GET', `/grants/clm_${claim}:cape`);
const remove = (simulator: Simulator, claim = 'a') =>
  call(simulator, 'DELETE', `/grants/clm_${claim}:cape`);

function grantIn(simulator: Simulator, claim = 'a') {
  return simulator.ledger().find(({ grantId }) => grantId === `clm_${claim}:cape`);
}

describe('a well-behaved game', () => {
  it('gives a grant once, however often and however concurrently it is asked', async () => {
    const game = await start();
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(game)));
    assert.ok(replies.every(({ status, state }) => status === 200 && state === 'GRANTED'));
    assert.equal(grantIn(game)?.applied, 1);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('refuses the same grant with another content', async () => {
    const game = await start();
    await post(game);
    const other = { ...askFor('a'), userId: 'usr_other' };
    const reply = await call(game, 'POST', '/grants', { body: other, key: other.grantId });
    assert.equal(reply.status, 422);
  });

  it('has never seen a grant nobody asked for', async () => {
    const game = await start();
    assert.equal((await get(game)).status, 404);
    assert.deepEqual(game.ledger(), []);
  });

  it('takes a grant back once, and never gives it again', async () => {
    const game = await start();
    await post(game);
    assert.equal((await remove(game)).status, 204);
    assert.equal((await remove(game)).status, 204);
    assert.equal((await get(game)).state, 'REVOKED');
    assert.equal((await post(game)).status, 410);
    const states = grantIn(game)?.history.map(({ state }) => state);
    assert.deepEqual(states, ['GRANTED', 'REVOKED']);
  });

  it('remembers the revoke of a grant it never saw against a POST that comes late', async () => {
    const game = await start();
    assert.equal((await remove(game)).status, 404);
    assert.equal((await post(game)).status, 410);
    assert.equal((await remove(game)).status, 204);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('can be one that does not remember such a revoke', async () => {
    const game = await start({ tombstones: false });
    assert.equal((await remove(game)).status, 404);
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('answers what it knows of a player', async () => {
    const game = await start();
    game.setMetrics('usr_a', { level: 30, 'login.streak': 7 });
    const where = '/players/usr_a/metrics?names=level,unknown';
    assert.deepEqual((await call(game, 'GET', where)) as unknown, {
      metrics: { level: 30 },
      status: 200,
      retryAfter: null,
    });
    assert.equal(game.requests()[0]?.path, where);
  });

  it('has its bad days with a player’s metrics too, where a rule says so', async () => {
    const game = await start();
    game.setMetrics('usr_a', { level: 30 });
    const ask = (userId: string) => call(game, 'GET', `/players/${userId}/metrics?names=level`);
    game.rules.add({ do: 'fail' });
    assert.equal(
      (await ask('usr_a')).status,
      200,
      'rules are for grants unless they say otherwise',
    );
    game.rules.add([
      { do: 'fail', on: ['metrics'], userId: 'usr_a', times: 1, status: 429, retryAfter: '7' },
      { do: 'dropAfterGrant', on: ['metrics'], userId: 'usr_a', times: 1 },
    ]);
    assert.equal((await ask('usr_b')).status, 200);
    const failed = await ask('usr_a');
    assert.deepEqual([failed.status, failed.retryAfter], [429, '7']);
    await assert.rejects(ask('usr_a'));
    assert.equal((await ask('usr_a')).status, 200);
    const seen = game.requests().map(({ verb, behaviour, answer }) => [verb, behaviour, answer]);
    assert.deepEqual(seen.slice(2), [
      ['metrics', 'fail', 429],
      ['metrics', 'dropAfterGrant', 'DROPPED'],
      ['metrics', 'normal', 200],
    ]);
  });
});

describe('a game that is careful at its door', () => {
  it('turns away what is not signed with its secret, and does nothing', async () => {
    const game = await start();
    const body = askFor('a');
    for (const headers of [
      { 'webhook-signature': '' },
      { 'webhook-signature': `v1,${'A'.repeat(43)}=` },
      { 'webhook-id': 'another' },
      { 'webhook-timestamp': '1614265330' },
    ]) {
      const reply = await call(game, 'POST', '/grants', { body, key: body.grantId, headers });
      assert.equal(reply.status, 401);
    }
    assert.deepEqual(game.ledger(), []);
    assert.ok(game.requests().every(({ signed, answer }) => !signed && answer === 401));
  });

  it('turns away a signature older than five minutes by its own clock', async () => {
    let aheadMs = 0;
    const game = await start({ now: () => Date.now() + aheadMs });
    aheadMs = 290_000;
    assert.equal((await get(game)).status, 404);
    aheadMs = 310_000;
    assert.equal((await get(game)).status, 401);
  });

  it('refuses what is not the contract: another key, another shape, another path', async () => {
    const game = await start();
    const body = askFor('a');
    const status = async (asked: unknown, key: string) =>
      (await call(game, 'POST', '/grants', { body: asked, key })).status;
    assert.equal(await status(body, 'another'), 400);
    assert.equal(await status({ ...body, extra: 1 }, body.grantId), 400);
    assert.equal(await status({ ...body, grantId: 'clm_b:cape' }, 'clm_b:cape'), 400);
    assert.equal((await call(game, 'PUT', '/grants/clm_a:cape')).status, 404);
    assert.equal((await call(game, 'GET', '/grants/%ff', { key: 'any' })).status, 400);
    assert.deepEqual(game.ledger(), []);
  });
});

describe('a game that was told to misbehave', () => {
  it('refuses a grant for good and stays by it', async () => {
    const game = await start();
    game.rules.add({ do: 'refuse', status: 422, times: 1 });
    assert.equal((await post(game)).status, 422);
    assert.equal((await post(game)).status, 422);
    assert.equal((await get(game)).state, 'REFUSED');
    assert.equal((await remove(game)).status, 204);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('fails so many times, with the Retry-After it was told, having done nothing', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 503, retryAfter: '2', times: 2 });
    for (const _ of [1, 2]) {
      const { status, retryAfter } = await post(game);
      assert.deepEqual({ status, retryAfter }, { status: 503, retryAfter: '2' });
      assert.equal((await get(game)).status, 404);
    }
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('fails on every call until its rules are taken away', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 500, on: ['grant', 'lookup', 'revoke'] });
    const all = async () => [
      (await post(game)).status,
      (await get(game)).status,
      (await remove(game)).status,
    ];
    assert.deepEqual(await all(), [500, 500, 500]);
    assert.deepEqual(await all(), [500, 500, 500]);
    game.rules.clear();
    assert.deepEqual(await all(), [200, 200, 204]);
  });

  it('grants and cuts the line instead of answering', async () => {
    const game = await start();
    game.rules.add({ do: 'dropAfterGrant', times: 1 });
    await assert.rejects(post(game));
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await post(game)).state, 'GRANTED');
    assert.equal(grantIn(game)?.applied, 1);
  });

  it('cuts the line before it grants', async () => {
    const game = await start();
    game.rules.add({ do: 'dropBeforeGrant', times: 1 });
    await assert.rejects(post(game));
    assert.equal((await get(game)).status, 404);
    assert.equal((await post(game)).state, 'GRANTED');
  });

  it('grants at once and answers late', async () => {
    const game = await start();
    const delayMs = 300;
    game.rules.add({ do: 'delay', delayMs, times: 1 });
    const before = performance.now();
    const late = post(game);
    await game.waitFor(() => grantIn(game)?.state === 'GRANTED');
    assert.equal(game.requests()[0]?.answer, null);
    assert.equal((await late).state, 'GRANTED');
    assert.ok(performance.now() - before > delayMs - 10);
  });

  it('lets a grant arrive only after the caller gave up', async () => {
    const game = await start();
    game.rules.add({ do: 'applyLate', applyAfterMs: 1_000, times: 1 });
    await assert.rejects(post(game, 'a', AbortSignal.timeout(200)));
    assert.equal(game.requests()[0]?.behaviour, 'applyLate');
    assert.equal((await get(game)).status, 404);
    await game.waitFor(() => grantIn(game)?.state === 'GRANTED');
  });

  it('does not let it arrive where the grant was revoked meanwhile', async () => {
    const game = await start();
    game.rules.add({ do: 'applyLate', applyAfterMs: 500, times: 1 });
    const stalled = post(game);
    await game.waitFor(() => game.requests().length === 1);
    assert.equal((await remove(game)).status, 404);
    assert.equal((await stalled).status, 410);
    assert.equal(grantIn(game)?.applied, 0);
  });

  it('cannot take a grant back', async () => {
    const game = await start();
    game.rules.add({ do: 'refuseRevoke' });
    await post(game);
    assert.equal((await remove(game)).status, 409);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('does so only for the player, event, line or grant it was told', async () => {
    const game = await start();
    game.rules.add([
      { do: 'fail', status: 500, userId: 'usr_a', on: ['grant', 'lookup'] },
      { do: 'fail', status: 501, grantId: 'clm_b:cape' },
      { do: 'fail', status: 502, eventId: 'evt_2' },
      { do: 'fail', status: 504, lineId: 'hat' },
    ]);
    const status = async (body: ReturnType<typeof askFor>) =>
      (await call(game, 'POST', '/grants', { body, key: body.grantId })).status;
    assert.equal(await status(askFor('a')), 500);
    assert.equal((await get(game, 'a')).status, 500);
    assert.equal(await status(askFor('b')), 501);
    assert.equal(await status({ ...askFor('c'), eventId: 'evt_2' }), 502);
    assert.equal(await status(askFor('d', 'hat')), 504);
    assert.equal(await status(askFor('e')), 200);
  });

  it('follows the first rule that fits and is not spent', async () => {
    const game = await start();
    game.rules.add({ do: 'fail', status: 500, times: 1 });
    game.rules.add([{ do: 'fail', status: 501, times: 1 }, { do: 'refuse' }]);
    const statuses = [];
    for (const _ of [1, 2, 3]) statuses.push((await post(game)).status);
    assert.deepEqual(statuses, [500, 501, 403]);
  });

  it('does not take a rule that makes no sense', async () => {
    const game = await start();
    assert.throws(() => game.rules.add({ do: 'refuse', status: 429 }), /use fail/);
    assert.throws(() => game.rules.add({ do: 'refuse', status: 500 }));
    assert.throws(() => game.rules.add({ do: 'mix', seed: 1, fail: 1.5 }));
  });
});

describe('a game that takes its time', () => {
  it('answers 202 until the grant has ended, for GET and POST', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', times: 1 });
    const [first, again] = [await post(game), await post(game)];
    assert.deepEqual([first.status, first.state], [202, 'PENDING']);
    assert.deepEqual([again.status, again.state], [202, 'PENDING']);
    assert.equal((await get(game)).state, 'PENDING');
    game.settle('clm_a:cape', 'GRANTED');
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await post(game)).status, 200);
    assert.equal(grantIn(game)?.applied, 1);
  });

  it('comes to the end it was told, by itself', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', settleAfterMs: 10, outcome: 'REFUSED', userId: 'usr_a' });
    game.rules.add({ do: 'pending', settleAfterMs: 10 });
    await post(game, 'a');
    await post(game, 'b');
    await game.waitFor(() => game.ledger().every(({ state }) => state !== 'PENDING'));
    assert.equal((await get(game, 'b')).state, 'GRANTED');
    assert.equal((await get(game)).state, 'REFUSED');
    assert.equal((await post(game)).status, 403);
  });

  it('may never come to an end unless it is told to', async () => {
    const game = await start();
    game.rules.add({ do: 'pending' });
    await post(game);
    assert.equal(game.settle('clm_a:cape', 'GRANTED'), true);
    assert.equal(game.settle('clm_a:cape', 'REFUSED'), false);
    assert.equal((await get(game)).state, 'GRANTED');
  });

  it('does not give what was revoked while it was pending', async () => {
    const game = await start();
    game.rules.add({ do: 'pending', settleAfterMs: 500 });
    await post(game, 'a');
    assert.equal((await remove(game, 'a')).status, 204);
    await post(game, 'b');
    await game.waitFor(() => grantIn(game, 'b')?.state === 'GRANTED');
    assert.equal(grantIn(game)?.state, 'REVOKED');
    assert.equal(grantIn(game)?.applied, 0);
  });
});

describe('callbacks of a game', () => {
  interface Callback {
    fits: boolean;
    headers: http.IncomingHttpHeaders;
    body: unknown;
  }

  /** Laurel's end of the line: answers with these statuses in turn, the last one for ever. */
  async function receiver(test: TestContext, ...statuses: number[]) {
    const got: Callback[] = [];
    const server = http.createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString('utf8');
      const fits = isSigned(secret, request.headers, body, Date.now());
      got.push({ fits, headers: request.headers, body: JSON.parse(body) });
      response.writeHead(statuses[Math.min(got.length, statuses.length) - 1] ?? 200).end();
      server.emit('callback');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const arrived = async (count: number) => {
      while (got.length < count) await once(server, 'callback');
    };
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got, arrived };
  }

  it('tell how a pending grant ended, signed', async (test) => {
    const laurel = await receiver(test);
    const game = await start({ callbackUrl: laurel.url });
    game.rules.add({ do: 'pending', settleAfterMs: 10, outcome: 'REFUSED' });
    await post(game);
    await laurel.arrived(1);
    const [callback] = laurel.got;
    assert.deepEqual(callback?.body, { grantId: 'clm_a:cape', state: 'REFUSED' });
    assert.ok(callback?.fits);
  });

  it('are sent again under the same ID until they are taken', async (test) => {
    const laurel = await receiver(test, 503, 500, 200);
    const game = await start();
    game.configure({ callbackUrl: laurel.url });
    game.rules.add({ do: 'pending', settleAfterMs: 0 });
    await post(game);
    await laurel.arrived(3);
    assert.equal(new Set(laurel.got.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.ok(laurel.got.every(({ fits }) => fits));
  });

  it('are not sent where a rule says so', async (test) => {
    const laurel = await receiver(test);
    const game = await start({ callbackUrl: laurel.url });
    game.rules.add({ do: 'pending', settleAfterMs: 0, callback: false, userId: 'usr_a' });
    game.rules.add({ do: 'pending', settleAfterMs: 100, userId: 'usr_b' });
    await post(game, 'a');
    await post(game, 'b');
    await laurel.arrived(1);
    assert.deepEqual(
      laurel.got.map(({ body }) => body),
      [{ grantId: 'clm_b:cape', state: 'GRANTED' }],
    );
  });

  it('can be sent by hand, forged, unsigned or old', async (test) => {
    const laurel = await receiver(test, 202, 401);
    const game = await start({ callbackUrl: laurel.url });
    assert.equal(await game.sendCallback('clm_a:cape'), 202);
    assert.equal(await game.sendCallback('clm_a:cape', { signature: 'bad' }), 401);
    await game.sendCallback('clm_a:cape', { signature: 'none' });
    await game.sendCallback('clm_a:cape', { timestampS: 1_614_265_330, state: 'REVOKED' });
    assert.deepEqual(
      laurel.got.map(({ fits }) => fits),
      [true, false, false, false],
    );
    assert.equal(laurel.got[2]?.headers['webhook-signature'], undefined);
    assert.deepEqual(laurel.got[3]?.body, { grantId: 'clm_a:cape', state: 'REVOKED' });
  });
});

describe('the ledger of a game', () => {
  it('outlives the process, and a grant asked for again is not given again', async (test) => {
    const dir = folderFor(test);
    const first = await start({ dir });
    first.rules.add({ do: 'refuse', userId: 'usr_b' });
    for (const claim of ['a', 'b', 'c']) await post(first, claim);
    await remove(first, 'c');
    await remove(first, 'd');
    const before = first.ledger();
    await stop(first);

    const second = await start({ dir });
    assert.deepEqual(second.ledger(), before);
    const statuses = [];
    for (const claim of ['a', 'b', 'c', 'd']) statuses.push((await post(second, claim)).status);
    assert.deepEqual(statuses, [200, 403, 410, 410]);
    assert.equal(grantIn(second)?.applied, 1);
  });

  it('brings pending grants to their end after a restart', async (test) => {
    // A clock that stands still, so that the grant has its whole wait before it at the restart.
    const startedMs = Date.now();
    const options = { dir: folderFor(test), now: () => startedMs };
    const first = await start(options);
    first.rules.add({ do: 'pending', settleAfterMs: 500 });
    await post(first);
    await stop(first);
    const second = await start(options);
    assert.equal(grantIn(second)?.state, 'PENDING');
    await second.waitFor(() => grantIn(second)?.state === 'GRANTED');
  });

  it('opens although the process was killed in the middle of a line', async (test) => {
    const dir = folderFor(test);
    const first = await start({ dir });
    await post(first, 'a');
    await stop(first);
    fs.appendFileSync(path.join(dir, 'grants.jsonl'), '{"grantId":"clm_b:ca');

    const second = await start({ dir });
    assert.equal(grantIn(second, 'b'), undefined);
    await post(second, 'b');
    await stop(second);
    const third = await start({ dir });
    assert.deepEqual(
      third.ledger().map(({ applied }) => applied),
      [1, 1],
    );
  });
});

describe('a game on a bad day', () => {
  const mix: Extract<RuleInput, { do: 'mix' }> = {
    do: 'mix',
    seed: 7,
    refuse: 0.1,
    fail: 0.2,
    dropBeforeGrant: 0.1,
    dropAfterGrant: 0.1,
    pending: 0.1,
    settleAfterMs: null,
    delayMs: [0, 5],
  };
  const claims = Array.from({ length: 60 }, (_, index) => `p${index}`);

  /** Posts each claim's grant three times, in the given order, and tells how each attempt went. */
  async function play(order: string[], seed: number): Promise<Record<string, string[]>> {
    const game = await start();
    game.rules.add({ ...mix, seed });
    await Promise.all(
      order.map(async (claim) => {
        for (const _ of [1, 2, 3]) await post(game, claim).catch(() => undefined);
      }),
    );
    assert.ok(game.ledger().every(({ applied }) => applied <= 1));
    const byGrant = Object.groupBy(game.requests(), ({ grantId }) => grantId ?? '');
    return Object.fromEntries(
      Object.entries(byGrant).map(([grantId, calls = []]) => [
        grantId,
        calls.map(({ behaviour, answer }) => `${behaviour} ${answer}`),
      ]),
    );
  }

  it('is the same bad day for the same seed, in whatever order the calls come', async () => {
    const once = await play(claims, 7);
    const again = await play([...claims].reverse(), 7);
    assert.deepEqual(again, once);
    assert.notDeepEqual(await play(claims, 8), once);
    assert.ok(Object.values(once).some((moods) => moods[0] !== moods[1]));
  });

  it('has all its moods, about as often as it was told', async () => {
    const attempts = Object.values(await play(claims, 7)).flat();
    const share = (mood: string) =>
      attempts.filter((attempt) => attempt.startsWith(`${mood} `)).length / attempts.length;
    assert.ok(Math.abs(share('fail') - 0.2) < 0.08, `fail ${share('fail')}`);
    for (const mood of ['refuse', 'dropBeforeGrant', 'dropAfterGrant', 'pending']) {
      assert.ok(Math.abs(share(mood) - 0.1) < 0.08, `${mood} ${share(mood)}`);
    }
  });

  it('never goes back on what it granted', async () => {
    const game = await start();
    await post(game);
    game.rules.add({ do: 'mix', seed: 1, refuse: 1 });
    assert.equal((await post(game)).status, 200);
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal((await remove(game)).status, 204);
  });
});

describe('a game steered from outside', () => {
  async function curl(game: Simulator, method: string, where: string, body?: unknown) {
    const answer = await fetch(`${game.url}${where}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  it('takes rules, gives them up, and shows ledger and calls', async () => {
    const game = await start();
    const rules = [{ do: 'fail', status: 500 }];
    assert.equal((await curl(game, 'POST', '/control/rules', rules)).status, 204);
    assert.equal((await post(game)).status, 500);
    assert.equal((await curl(game, 'DELETE', '/control/rules')).status, 204);
    assert.equal((await post(game)).status, 200);
    assert.deepEqual((await curl(game, 'GET', '/control/ledger')).body.grants, game.ledger());
    const { requests } = (await curl(game, 'GET', '/control/requests')).body;
    assert.deepEqual(
      requests.map(({ answer }: { answer: number }) => answer),
      [500, 200],
    );
  });

  it('takes settings, metrics and the end of a pending grant', async () => {
    const game = await start();
    const settings = { tombstones: false, callbackUrl: 'http://127.0.0.1:9/callback' };
    assert.equal((await curl(game, 'PATCH', '/control/settings', settings)).status, 204);
    await remove(game);
    game.rules.add({ do: 'pending', callback: false });
    assert.equal((await post(game)).status, 202);
    const settle = '/control/grants/clm_a%3Acape/settle';
    assert.equal((await curl(game, 'POST', settle, { outcome: 'GRANTED' })).status, 204);
    assert.equal((await curl(game, 'POST', settle, { outcome: 'GRANTED' })).status, 409);
    assert.equal((await get(game)).state, 'GRANTED');
    assert.equal(
      (await curl(game, 'PUT', '/control/players/usr_a/metrics', { level: 3 })).status,
      204,
    );
  });

  it('says what is wrong with an order, and lives', async () => {
    const game = await start();
    assert.equal((await curl(game, 'POST', '/control/rules', { do: 'dance' })).status, 400);
    assert.equal((await curl(game, 'PATCH', '/control/settings', { other: 1 })).status, 400);
    assert.equal((await curl(game, 'GET', '/control/other')).status, 404);
    const broken = await fetch(`${game.url}/control/rules`, { method: 'POST', body: '{' });
    assert.equal(broken.status, 400);
    const huge = await fetch(`${game.url}/control/rules`, {
      method: 'POST',
      body: 'x'.repeat(2 ** 21),
    });
    assert.equal(huge.status, 413);
    assert.deepEqual(await curl(game, 'GET', '/healthz'), { status: 200, body: { status: 'ok' } });
  });

  it('waits for what does not happen no longer than it is told', async () => {
    const game = await start();
    await assert.rejects(
      game.waitFor(() => false, 20),
      /waited in vain/,
    );
  });
});
