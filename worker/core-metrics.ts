/**
 * The metrics of Temporal's SDK. Its native core keeps them and serves them on a port of the
 * loopback address. From there they are read and shown with our own.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { MetricsExporterConfig } from '@temporalio/worker';

const LOOPBACK = '127.0.0.1';

/** Another process may take the free port before the core does. That happens rarely. */
const TRIES = 5;

/** How long a read may take, in milliseconds. It takes some. */
const READ_TIMEOUT_MS = 2_000;

/**
 * Installs the SDK's runtime with an exporter of its metrics.
 * @param install calls `Runtime.install` with the given exporter
 * @returns what `install` returned, and a function that reads the metrics as Prometheus' text
 * @throws what `install` throws; a port that was just taken is replaced first
 */
export async function withCoreMetrics<T>(install: (exporter: MetricsExporterConfig) => T) {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      // No options: Temporal's dashboards expect the names and milliseconds that are the default.
      const installed = install({ prometheus: { bindAddress: `${LOOPBACK}:${port}` } });
      return { installed, read: () => readText(`http://${LOOPBACK}:${port}/metrics`) };
    } catch (error) {
      if (tries >= TRIES || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

/** The core does not say which port it got, so it cannot be left to choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function readText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(READ_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the core's metrics: HTTP ${answer.status}`);
  return await answer.text();
}
