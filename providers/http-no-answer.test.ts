/**
 * An HTTP provider that gives no answer: which requests may have had an effect, and which cannot.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { LONGEST_ANSWER_BYTES } from './http-exchange.ts';
import {
  answers,
  asked,
  errorOf,
  type GameServer,
  JSON_TYPE,
  secret,
  shortMs,
  startGame,
  timeoutMs,
  type Verb,
  verbs,
} from './test-game.ts';

let game: GameServer;
before(async () => {
  game = await startGame();
});
after(() => game.close());
afterEach(() => {
  game.received.length = 0;
});

describe('an HTTP provider that gives no answer', () => {
  /** The kind of the error, and the code at the end of its message. */
  async function faultOf(verb: Verb, to = game.baseUrl, limitMs = timeoutMs): Promise<string> {
    const { kind, message } = await errorOf(game.call(verb, to, limitMs));
    return `${kind} ${/\((\w+)\)$/.exec(message)?.[1]}`;
  }

  for (const verb of verbs) {
    it(`has perhaps done the ${verb} when it is slower than the limit`, async () => {
      game.handler = () => undefined;
      const before = performance.now();
      assert.equal(await faultOf(verb, game.baseUrl, shortMs), 'UNKNOWN TIMEOUT');
      const tookMs = performance.now() - before;
      assert.ok(tookMs > shortMs - 10 && tookMs < timeoutMs, `took ${tookMs} ms`);
    });

    it(`has perhaps done the ${verb} when it cuts the connection`, async () => {
      game.handler = (request) => request.socket.destroy();
      assert.equal(await faultOf(verb), 'UNKNOWN ECONNRESET');
      game.handler = (request) => request.socket.resetAndDestroy();
      assert.equal(await faultOf(verb), 'UNKNOWN ECONNRESET');
    });

    it(`cannot have got the ${verb} when nothing listens`, async () => {
      const closed = net.createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = closed.address() as AddressInfo;
      closed.close();
      await once(closed, 'close');
      const url = `http://127.0.0.1:${port}`;
      assert.equal(await faultOf(verb, url), 'UNAVAILABLE ECONNREFUSED');
    });
  }

  it('cannot have got a request when its name is not known', async () => {
    assert.equal(await game.outcome('grant', 'http://game.invalid', shortMs), 'UNAVAILABLE');
  });

  it('cannot have got a request when it never came to a TLS connection', async (test) => {
    const mute = net.createServer((socket) => socket.on('error', () => undefined));
    test.after(() => mute.close());
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    assert.equal(await faultOf('grant', url, shortMs), 'UNAVAILABLE TIMEOUT');
  });

  it('has perhaps granted when it speaks no HTTP, or changes the protocol', async () => {
    game.handler = (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    assert.equal(await game.outcome('grant'), 'UNKNOWN');
    game.handler = (request) =>
      request.socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
      );
    assert.equal(await game.outcome('grant'), 'UNKNOWN');
  });

  it('has perhaps granted when its answer stops half-way, or is cut', async () => {
    game.handler = (_request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 1_000 });
      response.write('{"state":');
    };
    assert.equal(await game.outcome('grant', game.baseUrl, shortMs), 'UNKNOWN');
    game.handler = (request, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 20 });
      response.write('{"state":"GRANTED"}', () => request.socket.destroy());
    };
    assert.equal(await game.outcome('grant'), 'UNKNOWN');
  });

  it('has perhaps granted when its answer has no end', async () => {
    let written = 0;
    game.handler = (_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(16_384))) written += 16_384;
      };
      response.on('drain', pour);
      pour();
    };
    assert.equal(await game.outcome('grant'), 'UNKNOWN');
    assert.ok(written < 100 * LONGEST_ANSWER_BYTES, `${written} bytes were taken`);
  });

  it('is believed up to the last byte that is read, and not beyond', async () => {
    const pad = (bytes: number) => JSON.stringify({ state: 'GRANTED' }).padEnd(bytes, ' ');
    game.handler = answers(200, pad(LONGEST_ANSWER_BYTES));
    assert.equal(await game.outcome('grant'), 'GRANTED');
    game.handler = answers(200, pad(LONGEST_ANSWER_BYTES + 1));
    assert.equal(await game.outcome('grant'), 'UNKNOWN');
  });

  it('is not sent the same request twice when it closes a kept connection under it', async () => {
    const provider = game.provider();
    const connections = new Set<net.Socket>();
    game.handler = (request, response) => {
      connections.add(request.socket);
      if (game.received.length === 1) answers(200, { state: 'GRANTED' })(request, response);
      else request.socket.resetAndDestroy();
    };
    await provider.grant(asked);
    const error = await errorOf(provider.grant(asked));
    assert.equal(error.kind, 'UNKNOWN');
    assert.equal(connections.size, 1);
    assert.equal(game.received.length, 2);
  });

  it('is not quoted, and neither is our secret, in what we say of it', async () => {
    game.handler = answers(500, { detail: 'stack trace', secret });
    const error = await errorOf(game.call('grant'));
    assert.equal(error.message, 'game: POST was answered 500, which means later');
  });
});
