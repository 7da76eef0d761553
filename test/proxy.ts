/** A wire to a server that a test can cut: everything over it is lost until it is mended. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  /** `host:port` to connect to instead of the server. */
  address: string;
  /** Breaks every connection and takes no other. */
  cut(): void;
  /** Keeps connections and takes others, but nothing gets through either way. */
  hang(): void;
  /** Cuts right after a request with this text has got through: it is served, its answer is lost. */
  cutAfter(text: string): Promise<void>;
  /** Lets connections through again; those that hung are broken. */
  mend(): void;
  close(): Promise<void>;
}

/** Listens on a free port and passes everything on to `host:port`. */
export async function startProxy(host: string, port: number): Promise<Wire> {
  let state: 'OPEN' | 'CUT' | 'HUNG' = 'OPEN';
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
    client.on('data', (bytes) => {
      if (state !== 'OPEN') return;
      server.write(bytes);
      if (trap && bytes.includes(trap.text)) {
        cut();
        trap.sprung();
        trap = undefined;
      }
    });
    server.on('data', (bytes) => {
      if (state === 'OPEN') client.write(bytes);
    });
    // What has got through is served before the server sees that nobody listens.
    client.on('close', () => server.end());
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

  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    hang() {
      state = 'HUNG';
    },
    async cutAfter(text) {
      await new Promise<void>((resolve) => {
        trap = { text, sprung: resolve };
      });
    },
    mend() {
      if (state === 'HUNG') breakAll();
      state = 'OPEN';
    },
    async close() {
      breakAll();
      listener.close();
      await once(listener, 'close');
    },
  };
}
