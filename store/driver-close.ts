/**
 * Mends a wait without end in the MongoDB driver (7.5.0, `Connection.writeCommand`). A command that
 * does not go out at once waits for the socket's `drain` or `error`. A socket that the server closes
 * in an orderly way has neither, and between its end and its `close` the driver still takes it for
 * open: a command sent then, such as when mongod is killed, is never answered, and its caller waits
 * for ever. No timeout of the driver's covers it, as each is the socket's own.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

interface DriverConnection {
  socket: Socket;
  writeCommand(...of: unknown[]): Promise<unknown>;
}

let isMended = false;

/** Ends such a wait with the socket: the driver then finds its connection closed, and tries again. */
export function endWaitsWithSockets(): void {
  if (isMended) return;
  isMended = true;
  const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const { prototype } = requireOfMongoose('mongodb/lib/cmap/connection.js').Connection as {
    prototype: DriverConnection;
  };
  const { writeCommand } = prototype;
  prototype.writeCommand = async function (this: DriverConnection, ...of) {
    const { socket } = this;
    const onClose = () => socket.emit('drain');
    socket.once('close', onClose);
    try {
      return await writeCommand.apply(this, of);
    } finally {
      socket.off('close', onClose);
    }
  };
}
