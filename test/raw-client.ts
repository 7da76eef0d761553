/** HTTP spoken byte by byte, for what no client library sends. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

export interface RawClient {
  socket: Socket;
  /** Resolves once the bytes were handed to the system, or cannot be any more. */
  send(bytes: string | Buffer): Promise<void>;
  /** The next answer, whole; null where the connection ends, or is reset, before it is. */
  answer(): Promise<RawAnswer | null>;
  /** Resolves once the server has ended its side, or reset the connection. */
  ended: Promise<unknown>;
}

/** A connection to a server on this machine. */
export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let wake = Promise.withResolvers<void>();
  let isOver = false;
  const ended = Promise.withResolvers<void>();
  const over = () => {
    isOver = true;
    ended.resolve();
    wake.resolve();
  };
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => {
    text += part;
    wake.resolve();
  });
  socket.on('error', over).on('end', over).on('close', over);
  await once(socket, 'connect');
  const closed = once(socket, 'close').catch(() => {});

  return {
    socket,
    ended: ended.promise,
    async send(bytes) {
      if (socket.destroyed) return;
      const sent = Promise.withResolvers<void>();
      socket.write(bytes, () => sent.resolve());
      await Promise.race([sent.promise, closed]);
    },
    async answer() {
      for (;;) {
        const whole = firstOf(text);
        if (whole) {
          text = text.slice(whole.length);
          // Nobody needs the go-ahead here.
          if (whole.answer.status !== 100) return whole.answer;
        } else if (isOver) {
          return null;
        } else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
    },
  };
}

/** The first whole answer of a text that holds one, and its length. */
function firstOf(text: string): { answer: RawAnswer; length: number } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const length = end + 4 + Number(headers.get('content-length') ?? 0);
  if (text.length < length) return null;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  const body = Buffer.from(text.slice(end + 4, length), 'latin1').toString();
  return { answer: { status, headers, body }, length };
}
