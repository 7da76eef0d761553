/** The simulator's HTTP server, on Node's own `http`, as an answer may have to be a cut connection. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { problem, type Reply } from './simulator-grants.ts';

/** Longest request body, in bytes. */
const LONGEST_BODY_BYTES = 1_048_576;

/** One call with its whole body. */
export interface Incoming {
  method: string;
  url: URL;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Reads each request, and sends the answer of `respond`. `DROP` cuts the connection. */
export function listener(
  respond: (incoming: Incoming) => Promise<Reply | 'DROP'>,
  closing: AbortSignal,
): RequestListener {
  return async (request, response) => {
    const reply = await read(request)
      .then((incoming) => (incoming ? respond(incoming) : problem(413, 'Too long.')))
      .catch((error: unknown) => faultOf(error, closing));
    send(reply, response);
  };
}

async function read(request: IncomingMessage): Promise<Incoming | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= LONGEST_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > LONGEST_BODY_BYTES) return null;
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', 'http://simulator.invalid');
  return { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
}

function send(reply: Reply | 'DROP', response: ServerResponse): void {
  if (reply === 'DROP') {
    response.socket?.destroy();
  } else if (reply.body === undefined) {
    response.writeHead(reply.status, reply.headers).end();
  } else {
    const headers = { ...reply.headers, 'content-type': 'application/json' };
    response.writeHead(reply.status, headers).end(JSON.stringify(reply.body));
  }
}

/** The answer to a call that failed: none while closing or if the caller has gone. */
function faultOf(error: unknown, closing: AbortSignal): Reply | 'DROP' {
  if (closing.aborted || (error as NodeJS.ErrnoException).code === 'ECONNRESET') return 'DROP';
  if (error instanceof URIError) return problem(400, 'The path is not well-formed.');
  return problem(500, error instanceof Error ? error.message : 'The simulator broke.');
}
