import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import mongoose from 'mongoose';
import { mendDriver } from './driver-close.ts';

const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { Connection } = requireOfMongoose('mongodb/lib/cmap/connection.js');

/** A socket to a server that closes each connection at once, or leaves it open. */
async function socketTo(t: TestContext, { isEnding = false } = {}): Promise<Socket> {
  const server = createServer((other) => isEnding && other.end()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Where the driver waits forever, the test must fail and not wait too. */
const timeout = 10_000;

const command = { toBin: async () => [Buffer.from('a command')] };

/** Makes the driver write a command to the socket. */
function write(socket: Socket): Promise<void> {
  mendDriver();
  const connection = Object.create(Connection.prototype, { socket: { value: socket } });
  return connection.writeCommand(command, { agreedCompressor: 'none' });
}

const listenersOf = (socket: Socket) =>
  ['close', 'drain', 'error'].map((event) => socket.listenerCount(event));

it('a command that is written while its socket closes does not wait for ever', {
  timeout,
}, async (t) => {
  const socket = await socketTo(t);
  // As after the server's end was read; `close` is emitted a little later.
  socket.destroy();
  await write(socket);
  assert.deepEqual(listenersOf(socket), [0, 0, 0]);
});

it('a command that is written to a socket that the server has ended says whose socket it was', async (t) => {
  const socket = await socketTo(t, { isEnding: true });
  socket.resume();
  // In the same turn of the event loop, while the driver still uses the socket.
  const written = new Promise<void>((resolve, reject) => {
    socket.once('end', () => void write(socket).then(resolve, reject));
  });
  await assert.rejects(written, (error: unknown) => {
    assert.ok(error instanceof mongoose.mongo.MongoNetworkError, `${error}`);
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'EPIPE');
    return true;
  });
  assert.deepEqual(listenersOf(socket), [0, 0, 0]);
});
