/** Serves `/metrics` of a process that has no other HTTP server: of the worker and the streams. */
import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { portOf } from '../listening.ts';

/** Connections at once: enough for some Prometheus servers, and a person. */
const MOST_CONNECTIONS = 100;

/** How long a request may take to arrive, in milliseconds. Ours have no body. */
const REQUEST_TIMEOUT_MS = 10_000;

/** How long an idle connection is kept, in milliseconds: Prometheus scrapes at least once a minute. */
const KEEP_ALIVE_MS = 65_000;

interface ServedMetrics {
  registry: Registry;
  /**
   * Reads metrics that another exporter of this process shows, in Prometheus' text format. What
   * fails is left out: the process's own metrics are needed most just then.
   */
  readMore?: (() => Promise<string>) | undefined;
  port: number;
  hostname: string;
}

/**
 * Answers `GET /metrics`, and 404 to anything else. Resolves once it listens.
 * @returns its port, and how to close it
 * @throws SetupError if it cannot listen, for example because the port is taken
 */
export async function serveMetrics({ registry, readMore, port, hostname }: ServedMetrics) {
  const read = sharedWhileUnderWay(async () => {
    const [own, more] = await Promise.all([registry.metrics(), readMore?.().catch(() => '')]);
    return own + (more ?? '');
  });
  const timeouts = {
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const server = createServer(timeouts, (request, response) => {
    const isAsked = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    if (isAsked) void answer(response, registry.contentType, read);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ port, host: hostname });
  return {
    port: await portOf(server, `HOST=${hostname} METRICS_PORT=${port}`),
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  response: ServerResponse,
  contentType: string,
  read: () => Promise<string>,
): Promise<void> {
  try {
    const text = await read();
    response.writeHead(200, { 'content-type': contentType }).end(text);
  } catch {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('The metrics cannot be read\n');
  }
}

/** Calls during a read get the answer of that read. */
function sharedWhileUnderWay<T>(read: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= read().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
