import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Broken, headerOf, requestOf, Wire } from './http-wire.ts';

async function wireTo(t: TestContext, listener: RequestListener): Promise<Wire> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wire = new Wire((server.address() as AddressInfo).port);
  t.after(() => {
    wire.close();
    server.closeAllConnections();
    server.close();
  });
  return wire;
}

const GET = requestOf('GET', '/claims', { prefer: 'wait=1' });

test('answers come over one connection, whole however they were cut', async (t) => {
  const ports = new Set<number | undefined>();
  const wire = await wireTo(t, (request, response) => {
    ports.add(request.socket.remotePort);
    response.setHeader('retry-after', '7');
    response.write('Frost ');
    setImmediate(() => response.end('cäpe'));
  });
  for (let n = 0; n < 3; n++) {
    const answer = await wire.send(GET);
    assert.equal(answer.status, 200);
    assert.equal(answer.body, 'Frost cäpe');
    assert.equal(headerOf(answer, 'Retry-After'), '7');
  }
  assert.equal(ports.size, 1);
});

test('an answer of a known length, and one without a body', async (t) => {
  const wire = await wireTo(t, (request, response) => {
    if (request.headers.prefer === 'wait=1') response.end('{"a":1}');
    else response.writeHead(204).end();
  });
  assert.equal((await wire.send(GET)).body, '{"a":1}');
  assert.equal((await wire.send(requestOf('GET', '/', {}))).status, 204);
});

test('a connection that ends is told, and the next request opens another', async (t) => {
  let requests = 0;
  const wire = await wireTo(t, (request, response) => {
    requests += 1;
    if (requests === 1) request.socket.destroy();
    else response.end('there');
  });
  await assert.rejects(wire.send(GET), Broken);
  assert.equal((await wire.send(GET)).body, 'there');
});
