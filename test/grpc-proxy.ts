/**
 * Temporal behind a door that denies some calls, as Temporal Cloud does to a key of one namespace.
 * It speaks HTTP/2, so that clients and workers alike connect to it instead of the server.
 */
import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

const PERMISSION_DENIED = '7';

export interface GrpcProxy {
  /** `host:port` to connect to instead of the server. */
  address: string;
  /** Denies these calls from now on and no others, such as `OperatorService/ListSearchAttributes`. */
  deny(...calls: string[]): void;
  /** The calls that were denied. */
  denied: Set<string>;
  close(): Promise<void>;
}

/** What one side said, without what only holds on its own connection. */
function passable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, ...rest } = headers;
  return rest;
}

/** Answers calls to `address`, a gRPC server without TLS, but for those that are denied. */
export async function startGrpcProxy(address: string): Promise<GrpcProxy> {
  const upstream = http2.connect(`http://${address}`);
  let calls: string[] = [];
  const denied = new Set<string>();

  function deny(stream: ServerHttp2Stream, call: string): void {
    denied.add(call);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': PERMISSION_DENIED,
        'grpc-message': 'Request unauthorized.',
      },
      { endStream: true },
    );
  }

  function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const call = upstream.request(passable(headers));
    stream.pipe(call);
    call.on('response', (answer, flags) => {
      // A call that fails at once is told in its headers, and nothing follows.
      const endStream = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      let trailers: IncomingHttpHeaders = {};
      call.on('trailers', (given) => (trailers = given));
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.respond(passable(answer), { endStream, waitForTrailers: !endStream });
      if (!endStream) call.pipe(stream);
    });
    const end = () => {
      call.close(http2.constants.NGHTTP2_CANCEL);
      stream.close(http2.constants.NGHTTP2_CANCEL);
    };
    call.on('error', end);
    stream.on('error', end);
    stream.on('aborted', end);
  }

  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const found = calls.find((call) => path.endsWith(`.${call}`));
    if (found === undefined) passOn(stream, headers);
    else deny(stream, found);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    deny(...given) {
      calls = given;
      denied.clear();
    },
    denied,
    async close() {
      server.close();
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await once(server, 'close');
    },
  };
}
