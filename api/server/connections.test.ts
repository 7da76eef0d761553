import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { trustedProxies } from '../../process/config.ts';
import { until } from '../../test/helpers.ts';
import { CONNECTIONS } from '../test-bounds.ts';
import { boundedServer } from './connections.ts';
import { createDraining } from './draining.ts';

/** A server with these limits over `handler`; connections to it close with the test. */
async function serverOver(t: TestContext, handler: RequestListener, bounds = {}) {
  const metrics = new Registry();
  const createServer = boundedServer(metrics, { ...CONNECTIONS, ...bounds });
  const server: Server = createServer({}, handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opened: Socket[] = [];
  t.after(() => {
    for (const socket of opened) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return {
    server,
    async connected(): Promise<Socket> {
      const socket = connect(port, '127.0.0.1');
      opened.push(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
    refused: async (bound: string) =>
      (await metrics.getMetricsAsJSON())
        .find(({ name }) => name === 'laurel_http_connections_refused_total')
        ?.values.find(({ labels }) => labels.bound === bound)?.value ?? 0,
  };
}

/** All bytes until the connection ends. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  if (!socket.closed) await once(socket, 'close');
  return text;
}

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: laurel', ...headers, '', ''].join('\r\n');

/** Handles requests when the test says so. */
function handledLater() {
  const begun: { request: IncomingMessage; response: ServerResponse }[] = [];
  return {
    begun,
    handler: (request: IncomingMessage, response: ServerResponse) => {
      begun.push({ request, response });
    },
  };
}

describe('requests that are pipelined', () => {
  it('are begun one after the other, each once the answer before it was taken', async (t) => {
    const { begun, handler } = handledLater();
    const { connected } = await serverOver(t, handler);
    const socket = await connected();
    socket.write(get('/1') + get('/2') + get('/3', 'connection: close'));
    const answers = readAll(socket);
    for (let n = 1; n <= 3; n++) {
      await until(() => begun.length >= n, `request ${n}`);
      assert.deepEqual(
        begun.map(({ request }) => request.url),
        ['/1', '/2', '/3'].slice(0, n),
      );
      begun[n - 1]?.response.end(`answer ${n}`);
    }
    assert.match(await answers, /answer 1.*answer 2.*answer 3/s);
  });

  it('are all answered where they come in many pieces, and with bodies', async (t) => {
    const { connected } = await serverOver(t, async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      response.end(`<${Buffer.concat(parts).length}>`);
    });
    const socket = await connected();
    const answers = readAll(socket);
    const post = 'POST / HTTP/1.1\r\nhost: laurel\r\ncontent-length: 200000\r\n\r\n';
    for (let n = 0; n < 5; n++) {
      socket.write(post);
      socket.write(Buffer.alloc(200_000));
    }
    socket.write(get('/', 'connection: close'));
    assert.deepEqual((await answers).match(/<\d+>/g), [...Array(5).fill('<200000>'), '<0>']);
  });

  const fat = Array.from({ length: 150 }, (_, n) => `x${n}: ${'v'.repeat(14)}`);
  for (const [what, sent] of Object.entries({
    'too many': get('/').repeat(1_000),
    'too large': get('/', ...fat).repeat(18),
  })) {
    it(`close the connection where they are ${what}, once those before are answered`, async (t) => {
      const { begun, handler } = handledLater();
      const { connected, refused } = await serverOver(t, handler);
      const socket = await connected();
      socket.write(sent);
      await until(async () => (await refused('pipelined')) === 1, 'the rest to be refused');
      const answers = readAll(socket);
      for (let n = 0; n < begun.length; n++) {
        const response = begun[n]?.response as ServerResponse;
        response.end('answered');
        await once(response, 'close');
      }
      assert.equal((await answers).match(/answered/g)?.length, begun.length);
      assert.ok(begun.length > 4 && begun.length < 80, `${begun.length} were begun`);
    });
  }

  it('are too many where those of all connections are', async (t) => {
    const { begun, handler } = handledLater();
    const { connected, refused } = await serverOver(t, handler);
    const sockets = await Promise.all(Array.from({ length: 200 }, connected));
    for (const socket of sockets) socket.write(get('/', ...fat).repeat(14));
    await until(async () => (await refused('pipelined')) > 0, 'some to be refused');
    await until(() => begun.length === sockets.length, 'each to have one under way');
    // A request that does not wait any more does not count any more.
    const closed = begun.map(({ response }) => once(response, 'close'));
    for (const { response } of begun) response.setHeader('connection', 'close').end();
    await Promise.all(closed);
    const before = await refused('pipelined');
    const socket = await connected();
    socket.write(get('/next') + get('/last', 'connection: close'));
    await until(() => begun.at(-1)?.request.url === '/next', 'the next');
    begun.at(-1)?.response.end();
    await until(() => begun.at(-1)?.request.url === '/last', 'the last');
    assert.equal(await refused('pipelined'), before);
  });

  it('stay unread where enough wait, but for the body of the last', async (t) => {
    const { begun, handler } = handledLater();
    const { connected, server } = await serverOver(t, handler);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = await connected();
    const [atServer] = await accepted;
    socket.write(get('/slow'));
    await until(() => begun.length === 1, 'the first');
    const post = 'POST / HTTP/1.1\r\nhost: laurel\r\ncontent-length: 4\r\n\r\nbo';
    const came = once(server, 'request', { signal: t.signal });
    socket.write(get('/').repeat(20) + post);
    await came;
    socket.write(`dy${get('/')}`);
    await until(() => atServer.isPaused(), 'it to be held');
    const { bytesRead } = atServer;
    socket.write(get('/').repeat(37) + get('/', 'connection: close'));
    const answers = readAll(socket);
    for (let n = 0; n < 61; n++) {
      await until(() => begun.length > n, `request ${n}`);
      if (n === 0) assert.equal(atServer.bytesRead, bytesRead);
      begun[n]?.response.end('answered');
    }
    assert.equal((await answers).match(/answered/g)?.length, 61);
  });

  it('are not begun where the connection is over', async (t) => {
    const { begun, handler } = handledLater();
    const { connected } = await serverOver(t, handler);
    const socket = await connected();
    socket.write(get('/1') + get('/2'));
    await until(() => begun.length === 1, 'the first');
    const [first] = begun;
    const gone = once(first?.response as ServerResponse, 'close');
    socket.destroy();
    await gone;
    // No answer follows one that ends the connection.
    const other = await connected();
    other.write(get('/3') + get('/4'));
    await until(() => begun.length === 2, 'the third');
    begun[1]?.response.setHeader('connection', 'close').end('the last');
    assert.match(await readAll(other), /the last$/);
    assert.deepEqual(
      begun.map(({ request }) => request.url),
      ['/1', '/3'],
    );
  });
});

describe('answers that nobody reads', () => {
  it('end their connections where they come to too much, and who reads is served', async (t) => {
    const answer = Buffer.alloc(16 * 1024 * 1024);
    const { connected, refused } = await serverOver(t, (_, response) => response.end(answer));
    const sockets = await Promise.all(Array.from({ length: 8 }, connected));
    for (const socket of sockets) {
      socket.pause();
      socket.write(get('/').repeat(3));
    }
    await until(async () => (await refused('unread')) > 0, 'a connection to be cut');
    const reader = await connected();
    reader.write(get('/', 'connection: close'));
    assert.ok((await readAll(reader)).length > answer.length);
  });

  it('end their connections after a while, and a request that takes its time does not', async (t) => {
    const { begun, handler } = handledLater();
    const { connected } = await serverOver(t, handler, {
      unreadTimeoutMs: 200,
      headersTimeoutMs: 200,
    });
    const [unread, slow] = await Promise.all([connected(), connected()]);
    unread.pause();
    unread.write(get('/unread'));
    slow.write(get('/slow', 'connection: close'));
    await until(() => begun.length === 2, 'both requests');
    const responseOf = (path: string) =>
      begun.find(({ request }) => request.url === path)?.response as ServerResponse;
    responseOf('/unread').end(Buffer.alloc(16 * 1024 * 1024));
    await once(responseOf('/unread'), 'close');
    assert.equal(responseOf('/unread').writableFinished, false);
    responseOf('/slow').end('at last');
    assert.match(await readAll(slow), /at last$/);
  });
});

describe('connections', () => {
  it('may be quiet for as long as headers may take', async (t) => {
    const { server } = await serverOver(t, () => {}, { headersTimeoutMs: 40_000 });
    assert.equal(server.timeout, 40_000);
  });

  it('are answered 429 past the bound of one address, until one of them ends', async (t) => {
    const { connected, refused } = await serverOver(t, (_, response) => response.end('served'), {
      mostOfAddress: 2,
    });
    const [first] = [await connected(), await connected()];
    const answer = await readAll(await connected());
    assert.match(answer, /^HTTP\/1\.1 429 .*\r\nretry-after: \d+\r\n.*"code":"rate_limited"/is);
    assert.equal(await refused('address'), 1);
    first.destroy();
    await until(async () => {
      const next = await connected();
      next.write(get('/', 'connection: close'));
      return (await readAll(next)).includes('served');
    }, 'another to be served');
  });

  it('of a trusted proxy are only bounded in all, with 503', async (t) => {
    const { connected, refused } = await serverOver(t, () => {}, {
      mostOfAddress: 2,
      most: 5,
      trusted: trustedProxies.parse('127.0.0.0/8'),
    });
    for (let n = 0; n < 5; n++) await connected();
    const answer = await readAll(await connected());
    assert.match(answer, /^HTTP\/1\.1 503 .*\r\nretry-after: \d+\r\n.*"code":"unavailable"/is);
    assert.deepEqual([await refused('process'), await refused('address')], [1, 0]);
  });
});

describe('a request that is slow to come', { concurrency: true }, () => {
  const slow = {
    'its headers': 'GET / HTTP/1.1\r\nhost: la',
    'its body': 'POST / HTTP/1.1\r\nhost: laurel\r\ncontent-length: 9000\r\n\r\n',
    'anything at all': '',
  };
  for (const [what, sent] of Object.entries(slow)) {
    it(`is cut off, byte by byte or not: ${what}`, async (t) => {
      const bounds = { headersTimeoutMs: 300, bodyTimeoutMs: 300 };
      const { connected } = await serverOver(t, (request) => request.resume(), bounds);
      const socket = await connected();
      const dripping = setInterval(() => socket.write('x'), 200);
      if (sent === '') clearInterval(dripping);
      else socket.write(sent);
      await readAll(socket);
      clearInterval(dripping);
    });
  }
});

describe('the end of a server', () => {
  it('does not cut an answer that is whole and not taken yet', async (t) => {
    const answer = Buffer.alloc(16 * 1024 * 1024);
    const { begun, handler } = handledLater();
    const { connected, server } = await serverOver(t, handler);
    const draining = createDraining(0);
    draining.watch(server);
    const [reader, idle] = [await connected(), await connected()];
    reader.pause().write(get('/'));
    await until(() => begun.length === 1, 'the request');
    begun[0]?.response.end(answer);
    const ended = draining.end(server, () => {});
    // An idle connection ends at once.
    await readAll(idle);
    assert.ok((await readAll(reader.resume())).length > answer.length);
    await ended;
  });
});
