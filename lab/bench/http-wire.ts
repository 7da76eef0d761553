/**
 * An HTTP/1.1 client for load: one request at a time over one connection (a wire) that stays open. It
 * shares the cores with what is measured, and uses a fifth of the CPU time of `fetch`.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export interface Answer {
  status: number;
  /** The status line and headers as they came. */
  head: string;
  body: string;
}

/** Timeout of a connection without data. Longer than any `Prefer: wait`. */
const TIMEOUT_MS = 60_000;

const HEAD_END = '\r\n\r\n';

/** The connection ended before the whole answer came. */
export class Broken extends Error {}

/** The bytes of a request, as text. `body` may be empty. */
export function requestOf(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): string {
  const all = { host: 'laurel', ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** A header of an answer. Undefined if it has none of that name. */
export function headerOf({ head }: Answer, name: string): string | undefined {
  return head.match(new RegExp(`^${name}: *(.*)$`, 'im'))?.[1]?.trim();
}

/** One connection to a port of this machine. Send one request at a time. */
export class Wire {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Connects if it is not connected. Servers close connections that were idle for long. */
  async open(): Promise<Socket> {
    if (this.#socket) return this.#socket;
    const socket = createConnection({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Broken('timed out')));
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => {});
    socket.once('close', () => this.#lose(socket));
    await once(socket, 'connect');
    return socket;
  }

  /** Sends a request of `requestOf`. @throws Broken if the connection ends before the whole answer */
  async send(request: string): Promise<Answer> {
    const socket = await this.open();
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #lose(socket: Socket): void {
    if (this.#socket === socket) this.#socket = undefined;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new Broken('the connection ended'));
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const answer = answerIn(this.#received);
    if (answer === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The answer, once all of it has arrived. */
function answerIn(received: Buffer): Answer | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = received.toString('latin1', 0, headEnd);
  const body = bodyIn(received.subarray(headEnd + HEAD_END.length), head);
  return body === undefined ? undefined : { status: Number(head.slice(9, 12)), head, body };
}

function bodyIn(rest: Buffer, head: string): string | undefined {
  const length = head.match(/^content-length: *(\d+)/im)?.[1];
  if (length !== undefined) {
    return rest.length < Number(length) ? undefined : rest.toString('utf8', 0, Number(length));
  }
  return /^transfer-encoding: *chunked/im.test(head) ? chunksIn(rest) : '';
}

/** A chunked body by RFC 9112, section 7.1: each chunk follows its length, and length 0 is the end. */
function chunksIn(rest: Buffer): string | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (rest.length < start + length + 2) return undefined;
    if (length === 0) return Buffer.concat(chunks).toString('utf8');
    chunks.push(rest.subarray(start, start + length));
    at = start + length + 2;
  }
}
