import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ProxyOptions, startProxy, type Wire } from './proxy.ts';

const DELAY_MS = 300;

let echo: net.Server;

before(async () => {
  echo = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
});

after(() => void echo.close());

const portOf = (server: net.Server) => (server.address() as AddressInfo).port;

async function withWire(
  work: (wire: Wire, socket: Socket) => Promise<void>,
  options?: ProxyOptions,
): Promise<void> {
  const wire = await startProxy('127.0.0.1', portOf(echo), options);
  const [host, port] = wire.address.split(':');
  const socket = net.connect(Number(port), host);
  try {
    await work(wire, socket);
  } finally {
    socket.destroy();
    await wire.close();
  }
}

/** What comes back until there are so many characters. */
async function heard(socket: Socket, length: number): Promise<string> {
  let text = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    text += String(bytes);
    if (text.length >= length) break;
  }
  return text;
}

describe('a wire', () => {
  it('that is delayed passes everything on late, there and back', async () => {
    await withWire(async (wire, socket) => {
      wire.delay(DELAY_MS);
      const sentAtMs = performance.now();
      socket.write('slow');
      assert.equal(await heard(socket, 4), 'slow');
      assert.ok(performance.now() - sentAtMs >= 2 * DELAY_MS - 1);
    });
  });

  it('keeps the order of what it passes on, however its delay changes', async () => {
    await withWire(async (wire, socket) => {
      let sent = '';
      for (let n = 0; n < 30; n++) {
        wire.delay((n * 7) % 20);
        socket.write(`${n} `);
        sent += `${n} `;
        await new Promise(setImmediate);
      }
      assert.equal(await heard(socket, sent.length), sent);
    });
  });

  it('can make a server name the wire instead of itself', async () => {
    const rewrite = (bytes: Buffer, address: string) =>
      Buffer.from(String(bytes).replace('the server', address));
    await withWire(
      async (wire, socket) => {
        socket.write('I am the server');
        const expected = `I am ${wire.address}`;
        assert.equal(await heard(socket, expected.length), expected);
      },
      { rewrite },
    );
  });

  it('that is cut breaks what stands and takes nothing until it is mended', async () => {
    await withWire(async (wire, socket) => {
      await once(socket, 'connect');
      socket.on('error', () => {});
      wire.cut();
      await once(socket, 'close');
      const [host, port] = wire.address.split(':');
      const refused = net.connect(Number(port), host).on('error', () => {});
      await once(refused, 'close');
      wire.mend();
      const again = net.connect(Number(port), host);
      again.write('here');
      assert.equal(await heard(again, 4), 'here');
      again.destroy();
    });
  });
});
