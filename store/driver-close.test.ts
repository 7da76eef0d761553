import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { it, type TestContext } from 'node:test';
import { endWaitsWithSockets } from './driver-close.ts';

const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { Connection } = requireOfMongoose('mongodb/lib/cmap/connection.js');

it('a command that is written while its socket closes does not wait for ever', async (t: TestContext) => {
  endWaitsWithSockets();
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  // As once the server's end has been read; `close` is told a little later.
  socket.destroy();

  const connection = Object.create(Connection.prototype, { socket: { value: socket } });
  const command = { toBin: async () => [Buffer.from('a command')] };
  await connection.writeCommand(command, { agreedCompressor: 'none' });
  assert.deepEqual([socket.listenerCount('close'), socket.listenerCount('drain')], [0, 0]);
});
