/** The queue in front of the application that claims wait in: who waits there, and who cannot block it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { dataOf } from '../../client/index.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { behind } from '../checkpoints.ts';
import { CAPE, event, levelsOf, until } from '../helpers.ts';
import { type ClaimAnswer as Answer, codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { uniqueName } from '../servers.ts';

/** Resolves with the answer where it is a 503; else never. */
async function turnedAway(answer: Promise<Answer>): Promise<Answer> {
  const told = await answer;
  return told.status === 503 ? told : await new Promise<never>(() => {});
}

let laurel: Laurel;
/** Lets claims be recorded. */
let go: PromiseWithResolvers<void>;
before(async () => {
  laurel = await startLaurel({
    workers: false,
    // One claim is recorded at a time, eight are inside, and four of an event can wait at the door.
    admission: { atOnce: 1, waiting: 5, patienceMs: 60_000 },
    apiStore: (store) => {
      const accept = behind(store.claims.accept, () => go.promise);
      return { ...store, claims: { ...store.claims, accept } };
    },
  });
});
after(() => laurel.stop());

describe('a crowd before the record', () => {
  let eventId: string;
  beforeEach(async () => {
    go = Promise.withResolvers();
    ({ eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 20 }] }));
  });

  /** Players who have not claimed yet; `claim` sends each one's claim, with the same key each time. */
  async function players(count: number) {
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const { id, token } = await laurel.signIn();
        const key = uniqueName('key');
        return { id, claim: () => laurel.claim(eventId, token, { key }) };
      }),
    );
  }
  const metric = async (name: string) => {
    const metrics = await (await fetch(`${laurel.url}/metrics`)).text();
    return Number(
      metrics
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  };
  const waitingAre = async (count: number) =>
    await until(
      async () => (await metric('laurel_admission_claims{place="waiting"}')) === count,
      `${count} to wait`,
    );

  it('is turned away for some seconds where the queue is full, and keeps no reads waiting', async () => {
    const known = await laurel.signIn();
    const claimed = laurel.claim((await event(laurel)).eventId, known.token, { key: 'known' });
    go.resolve();
    const first = await claimed;
    go = Promise.withResolvers();

    const crowd = await players(16);
    const before = (await metric('laurel_claim_refusals_total{code="unavailable"}')) || 0;
    const asked = crowd.map(({ claim }) => claim());
    const away = await Promise.race(asked.map(turnedAway));
    assert.equal(codeOf(away), 'unavailable');
    const seconds = Number(away.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 3, `Retry-After: ${seconds}`);
    await waitingAre(11);
    const params = { path: { claimId: first.body.claimId } };
    await dataOf(laurel.as(known.token).GET('/api/event-claims/{claimId}', { params }));

    go.resolve();
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(12).fill(202), ...Array(4).fill(503)]);
    assert.equal(await metric('laurel_claim_refusals_total{code="unavailable"}'), before + 4);
    // Their keys were left unused, and the others' stand for their claims.
    for (const { claim } of crowd) assert.equal((await claim()).status, 202);
    assert.equal((await levelsOf(laurel, { eventId })).held, 16);
  });

  it('lets a replay pass at the record', async () => {
    const [known, ...others] = await players(7);
    go.resolve();
    await known?.claim();
    go = Promise.withResolvers();
    const asked = others.map(({ claim }) => claim());
    await waitingAre(5);
    assert.equal((await known?.claim())?.headers.get('idempotency-replayed'), 'true');
    go.resolve();
    await Promise.all(asked);
  });

  it('counts the wait as a part of the answer', async () => {
    const metricOf = () =>
      metric(
        'http_server_request_duration_seconds_sum{http_request_method="POST",http_route="/api/event-claims/:eventId/claim",http_response_status_code="202"}',
      );
    const before = (await metricOf()) || 0;
    const crowd = await players(10);
    const asked = crowd.map(({ claim }) => claim());
    await waitingAre(9);
    const heldAtMs = performance.now();
    await until(() => performance.now() - heldAtMs > 200, 'a while to pass');
    go.resolve();
    await Promise.all(asked);
    assert.ok((await metricOf()) - before > 10 * 0.2);
  });

  it('loses whoever hangs up at the door, and nobody else', async () => {
    const inside = (await players(8)).map(({ claim }) => claim());
    await waitingAre(7);
    const { id, token } = await laurel.signIn();
    const hangUp = new AbortController();
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'mine' };
    const path = `${laurel.url}/api/event-claims/${eventId}/claim`;
    const gone = fetch(path, { method: 'POST', headers, signal: hangUp.signal });
    await waitingAre(8);
    const [last] = await players(1);
    const behind = last?.claim();
    await waitingAre(9);

    hangUp.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    await waitingAre(8);
    go.resolve();
    const answers = await Promise.all([...inside, behind]);
    assert.deepEqual(new Set(answers.map((answer) => answer?.status)), new Set([202]));
    assert.equal(await laurel.store.claims.get(claimIdOf(id, 'mine')), null);
  });
});

describe('the door is not kept shut', () => {
  /** How many requests fill it. */
  const INSIDE = 8;
  let eventId: string;
  let token: string;
  before(async () => {
    go = Promise.withResolvers();
    go.resolve();
    ({ eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 20 }] }));
  });
  beforeEach(async () => {
    ({ token } = await laurel.signIn());
  });

  const claimHead = (headers: string[] = []) =>
    [`POST /api/event-claims/${eventId}/claim HTTP/1.1`, 'host: laurel', ...headers, '', ''].join(
      '\r\n',
    );
  async function socket(): Promise<Socket> {
    const { hostname, port } = new URL(laurel.url);
    const opened = connect(Number(port), hostname);
    opened.on('error', () => {});
    await once(opened, 'connect');
    return opened;
  }
  const refusedUntilNow = async () => {
    const metrics = await (await fetch(`${laurel.url}/metrics`)).text();
    return Number(
      /seconds_count\{[^}]*claim",http_response_status_code="401"\} (\d+)/.exec(metrics)?.[1] ?? 0,
    );
  };

  it('by claims that are refused', async () => {
    for (let n = 0; n < 2 * INSIDE; n++) {
      assert.equal((await laurel.claim(eventId, 'no token')).status, 401);
    }
    assert.equal((await laurel.claim(eventId, token)).status, 202);
  });

  it('by clients that never send what they announced', async () => {
    const body = ['content-type: application/json', 'content-length: 5'];
    const sockets = await Promise.all(Array.from({ length: 2 * INSIDE }, socket));
    for (const slow of sockets) {
      slow.write(claimHead([...body, 'expect: 100-continue']));
      // It says so once the request is there.
      await once(slow, 'data');
    }
    assert.equal((await laurel.claim(eventId, token)).status, 202);
    for (const slow of sockets) slow.destroy();
  });

  it('by many claims on one connection, which are begun one after the other', async () => {
    const { body } = await laurel.claim(eventId, token);
    const pipelined = await socket();
    const authorization = `authorization: Bearer ${token}`;
    const stream = [`GET /api/event-claims/${body.claimId}/stream HTTP/1.1`, 'host: laurel'];
    pipelined.write([...stream, authorization, '', ''].join('\r\n'));
    await once(pipelined, 'data');
    // The stream stays open, and so nothing behind it is begun.
    const before = await refusedUntilNow();
    pipelined.write(claimHead(['content-length: 0']).repeat(2 * INSIDE));
    const [other, third] = await Promise.all([laurel.signIn(), laurel.signIn()]);
    assert.equal((await laurel.claim(eventId, other.token)).status, 202);
    pipelined.destroy();
    assert.equal((await laurel.claim(eventId, third.token)).status, 202);
    assert.equal(await refusedUntilNow(), before);
  });

  it('nor passed by whoever spells the address another way', async () => {
    const path = `/api/event-claims/${eventId}/cl%61im`;
    const headers = { 'idempotency-key': uniqueName('key') };
    const answer = await laurel.call('POST', path, { token, headers });
    assert.equal(answer.status, 404);
  });
});
