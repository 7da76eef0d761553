/**
 * Repairs how the MongoDB driver (7.8.0, `Connection.writeCommand`) handles a closing socket. A
 * command that is not sent at once waits for the socket's `drain` or `error`.
 *
 * A socket that the server closes in order emits neither of them. Between its end and its `close`
 * the driver still uses it. A command sent in that time, such as when mongod is killed, is never
 * answered, and its caller waits forever. No timeout of the driver covers this, as each of them
 * belongs to the socket.
 *
 * An `error` of the socket is thrown as Node reports it (`EPIPE`). It could be any socket's, so the
 * driver does not see a broken connection, and does not retry.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import mongoose from 'mongoose';

interface DriverConnection {
  socket: Socket;
  writeCommand(...of: unknown[]): Promise<unknown>;
}

let isMended = false;

/**
 * Ends the wait when the socket closes, and throws a socket's error as a network error of the
 * driver, which it then retries. Safe to call more than once.
 */
export function mendDriver(): void {
  if (isMended) return;
  isMended = true;
  const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const { prototype } = requireOfMongoose('mongodb/lib/cmap/connection.js').Connection as {
    prototype: DriverConnection;
  };
  const { writeCommand } = prototype;
  prototype.writeCommand = async function (this: DriverConnection, ...of) {
    const { socket } = this;
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    const onClose = () => socket.emit('drain');
    socket.once('error', onError);
    socket.once('close', onClose);
    try {
      return await writeCommand.apply(this, of);
    } catch (error) {
      if (broken === undefined || error !== broken) throw error;
      throw new mongoose.mongo.MongoNetworkError(broken.message, { cause: broken });
    } finally {
      socket.off('error', onError);
      socket.off('close', onClose);
    }
  };
}
