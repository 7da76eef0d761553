/** A proxy to a server that a test can cut: everything sent over it is lost until it is mended. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  /** `host:port` to connect to instead of the server. */
  address: string;
  /** Breaks every connection and takes no other. */
  cut(): void;
  /** Keeps connections and takes others, but nothing gets through either way. */
  hang(): void;
  /** Lets everything through, each way so many milliseconds late. */
  delay(ms: number): void;
  /** Cuts right after a request with this text has got through: it is served, its answer is lost. */
  cutAfter(text: string): Promise<void>;
  /** Lets connections through again; those that hung are broken. */
  mend(): void;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /**
   * Changes what the server says, chunk by chunk; gets the proxy's own address. For servers that
   * tell their clients where to connect, past the proxy.
   */
  rewrite?: (bytes: Buffer, address: string) => Buffer;
}

/** Passes chunks on, in order, each after the delay that holds when it comes. */
function createLine(delayMs: () => number, deliver: (bytes: Buffer) => void) {
  const waiting: { bytes: Buffer; dueMs: number }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function deliverDue(): void {
    timer = undefined;
    for (let next = waiting[0]; next; next = waiting[0]) {
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(deliverDue, Math.ceil(leftMs));
        return;
      }
      waiting.shift();
      deliver(next.bytes);
    }
  }

  return {
    send(bytes: Buffer): void {
      waiting.push({ bytes, dueMs: performance.now() + delayMs() });
      if (timer === undefined) deliverDue();
    },
    drop(): void {
      clearTimeout(timer);
      waiting.length = 0;
    },
  };
}

/** Listens on a free port and passes everything on to `host:port`. */
export async function startProxy(
  host: string,
  port: number,
  { rewrite = (bytes) => bytes }: ProxyOptions = {},
): Promise<Wire> {
  let state: 'OPEN' | 'CUT' | 'HUNG' = 'OPEN';
  let delayMs = 0;
  let trap: { text: string; sprung: () => void } | undefined;
  const clients = new Set<Socket>();

  const breakAll = () => {
    for (const client of clients) client.destroy();
  };
  const cut = () => {
    state = 'CUT';
    breakAll();
  };

  function passOn(client: Socket): void {
    const server = net.connect(port, host);
    const there = createLine(
      () => delayMs,
      (bytes) => {
        if (state !== 'OPEN') return;
        server.write(bytes);
        if (trap && bytes.includes(trap.text)) {
          cut();
          trap.sprung();
          trap = undefined;
        }
      },
    );
    const back = createLine(
      () => delayMs,
      (bytes) => {
        if (state === 'OPEN') client.write(rewrite(bytes, address));
      },
    );
    client.on('data', there.send);
    server.on('data', back.send);
    client.on('close', () => {
      there.drop();
      back.drop();
      // What has got through is served before the server sees that nobody listens.
      server.end();
    });
    server.on('close', () => client.destroy());
    server.on('error', () => client.destroy());
  }

  const listener = net.createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    if (state === 'CUT') client.destroy();
    else if (state === 'OPEN') passOn(client);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;

  return {
    address,
    cut,
    hang() {
      state = 'HUNG';
    },
    delay(ms) {
      if (state === 'HUNG') breakAll();
      state = 'OPEN';
      delayMs = ms;
    },
    async cutAfter(text) {
      await new Promise<void>((resolve) => {
        trap = { text, sprung: resolve };
      });
    },
    mend() {
      if (state === 'HUNG') breakAll();
      state = 'OPEN';
      delayMs = 0;
    },
    async close() {
      breakAll();
      listener.close();
      await once(listener, 'close');
    },
  };
}
