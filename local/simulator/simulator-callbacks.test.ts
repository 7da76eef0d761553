import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { isSigned } from './simulator-signature.ts';
import { post, secret, start } from './test-game.ts';

describe('callbacks of a game', () => {
  interface Callback {
    fits: boolean;
    headers: http.IncomingHttpHeaders;
    body: unknown;
  }

  /** A stand-in for Laurel: answers callbacks with these statuses in order, and then always with the last. */
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
