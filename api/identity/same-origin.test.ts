import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import { sendProblem, toProblem } from '../problem.ts';
import { newRouter } from '../router.ts';
import { clientOf } from './client-address.ts';
import { sameOriginOnly } from './same-origin.ts';

const PROXY = '10.0.0.1';
const trusted = new BlockList();
trusted.addAddress(PROXY);

const app = newRouter();
app.onError((error, c) => sendProblem(c, toProblem(error, 'request', c.req.path)));
app.use(async (c, next) => {
  c.set('client', clientOf(c.env?.incoming, trusted));
  await next();
});
app.use(sameOriginOnly);
app.get('/', (c) => c.body(null, 204));

describe('a session over plain HTTP', () => {
  const statusAt = async (url: string, incoming?: object) => {
    const init = { headers: { 'sec-fetch-site': 'same-origin' } };
    return (await app.request(url, init, incoming && { incoming })).status;
  };
  const from = (remoteAddress: string, proto: string) => ({
    headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': proto },
    socket: { remoteAddress },
  });

  for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000', 'laurel.localhost']) {
    it(`is there on this machine: ${host}`, async () => {
      assert.equal(await statusAt(`http://${host}`), 204);
    });
  }

  for (const host of ['laurel.test', '192.0.2.1', '127.0.0.1.laurel.test', 'notlocalhost']) {
    it(`is refused elsewhere: ${host}`, async () => {
      assert.equal(await statusAt(`http://${host}`), 403);
    });
  }

  it('is there where a trusted proxy ended TLS, and only then', async () => {
    assert.equal(await statusAt('http://laurel.test', from(PROXY, 'https')), 204);
    assert.equal(await statusAt('http://laurel.test', from(PROXY, 'http')), 403);
    assert.equal(await statusAt('http://laurel.test', from('203.0.113.9', 'https')), 403);
    const tls = { headers: {}, socket: { remoteAddress: '203.0.113.9', encrypted: true } };
    assert.equal(await statusAt('https://laurel.test', tls), 204);
  });
});
