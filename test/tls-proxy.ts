/** A proxy that ends TLS, as a load balancer in front of the API does. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './certificate.ts';

interface TlsAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its JSON; an empty object where it has none. */
  body: Record<string, unknown>;
}

/**
 * Starts it on a free port, with a certificate of its own.
 * @param host the name that clients know it by
 * @param port of the API behind it
 */
export async function startTlsProxy(host: string, port: number) {
  const certificate = selfSigned(host);
  const server = https.createServer(certificate, (incoming, outgoing) => {
    const { method, url: path, socket } = incoming;
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': socket.remoteAddress ?? '',
      'x-forwarded-proto': 'https',
    };
    const behind = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    behind.on('error', () => outgoing.destroy());
    incoming.pipe(behind);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;
  const agent = new https.Agent({ keepAlive: true, ca: certificate.cert });

  return {
    /** Sends a request to it, over TLS, and checks its certificate. A body is sent as JSON. */
    async call(method: string, path: string, headers: Record<string, string>, body?: object) {
      const sent = https.request({
        ...{ agent, host: '127.0.0.1', port: ownPort, servername: host, method, path },
        headers: { host, ...headers, ...(body && { 'content-type': 'application/json' }) },
      });
      sent.end(body && JSON.stringify(body));
      const [answer] = await once(sent, 'response');
      const text = Buffer.concat(await answer.toArray()).toString();
      const isJson = /[/+]json/.test(answer.headers['content-type'] ?? '');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: isJson ? JSON.parse(text) : {},
      } as TlsAnswer;
    },
    async close(): Promise<void> {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
