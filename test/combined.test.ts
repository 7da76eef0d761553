/** API and worker in one process. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { createApi } from '../demo/client.ts';
import { type Child, startChild } from '../local/child.ts';
import { LineWatch } from '../local/line-watch.ts';
import { event, recordOf, runClosed, workflowOf } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { testServers, uniqueName } from './servers.ts';

const ROOT = path.dirname(import.meta.dirname);
const START_MS = 120_000;
/** What a supervisor grants, in milliseconds. */
const STOP_MS = 20_000;

let laurel: Laurel;
let combined: Child;
let url: string;

async function environment(): Promise<NodeJS.ProcessEnv> {
  const servers = await testServers();
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return {
    ...process.env,
    NODE_TEST_CONTEXT: undefined,
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: '0',
    MONGODB_URI: servers.mongodbUri(laurel.database.name),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: laurel.namespace,
    PROVIDERS: JSON.stringify({ game: { baseUrl: laurel.game.url, secret: laurel.game.secret } }),
    ADMIN_PASSWORD: 'a password for the combined process',
    JWT_KEYS: JSON.stringify([await exportJWK(privateKey)]),
  };
}

before(async () => {
  laurel = await startLaurel({ workers: false });
  const lines = new LineWatch();
  const file = path.join(ROOT, 'combined', 'main.ts');
  combined = await startChild(
    { file: process.execPath, args: [file], env: await environment() },
    { chunk: () => {}, line: (text, stream) => lines.add(text, stream) },
  );
  const failed = combined.ended.then(({ words }): never => {
    throw new Error(`${words}\n${lines.lastWords().join('\n')}`);
  });
  failed.catch(() => {});
  const isReady = (line: string) => line.includes('"msg":"api ready"');
  const line = await Promise.race([lines.next(isReady, AbortSignal.timeout(START_MS)), failed]);
  url = `http://127.0.0.1:${JSON.parse(line).port}`;
});
after(async () => {
  combined.signal('SIGKILL');
  await combined.ended;
  await laurel.stop();
});

/** A player's claim through the combined process, waited for. */
async function claim(eventId: string) {
  const api = createApi(url);
  const player = await api.join(uniqueName('player'), 'a password for a player');
  const headers = { 'idempotency-key': uniqueName('key'), prefer: 'wait=30' };
  const path = `/api/event-claims/${eventId}/claim`;
  return await api.call<{ claimId: string; state: string }>('POST', path, { ...player, headers });
}

describe('API and worker in one process', () => {
  for (const provider of ['mailbox', 'game']) {
    it(`grant a claim, whose run begins where it was started: ${provider}`, async () => {
      const { eventId } = await event(laurel, { fulfillment: { provider } });
      const { status, body } = await claim(eventId);
      assert.deepEqual([status, body.state], [200, 'GRANTED']);
      const record = await recordOf(laurel, body.claimId);
      assert.equal(await runClosed(laurel, record), 'COMPLETED');
      const { events } = await workflowOf(laurel, record).fetchHistory();
      const started = events?.[0]?.workflowExecutionStartedEventAttributes;
      assert.equal(started?.eagerExecutionAccepted, true);
    });
  }

  it('are ready, and say so', async () => {
    const answer = await fetch(`${url}/readyz`);
    assert.deepEqual(await answer.json(), {
      status: 'ok',
      checks: { mongodb: 'ok', temporal: 'ok' },
    });
  });

  it('stop within twenty seconds though a player waits and a call is under way', async () => {
    const { eventId } = await event(laurel, { fulfillment: { provider: 'game' } });
    laurel.game.rules.add({ do: 'delay', delayMs: 2_000, eventId });
    const cut = claim(eventId).then(
      () => 'answered',
      () => 'cut off',
    );
    await laurel.game.waitFor((game) => game.requests().some((r) => r.answer === null));
    const startedAtMs = performance.now();
    combined.signal('SIGTERM');
    const { code, signal } = await combined.ended;
    assert.deepEqual([code, signal], [0, null]);
    assert.ok(performance.now() - startedAtMs < STOP_MS);
    await cut;
  });
});
