/**
 * Mends what the MongoDB driver (7.8.0, `Connection.writeCommand`) makes of a socket that ends. A
 * command that does not go out at once waits for the socket's `drain` or `error`.
 *
 * A socket that the server closes in an orderly way has neither, and between its end and its `close`
 * the driver still takes it for open: a command sent then, such as when mongod is killed, is never
 * answered, and its caller waits for ever. No timeout of the driver's covers it, as each is the
 * socket's own.
 *
 * And an `error` is thrown as Node says it (`EPIPE`), which might be anybody's socket; the driver
 * itself does not take it for a broken connection then, and does not try again.
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
 * Ends such a wait with the socket, and says that an error of the socket is one of the database's
 * connection: the driver then tries again.
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
