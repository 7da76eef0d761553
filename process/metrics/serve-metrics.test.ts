import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Gauge, type Registry } from 'prom-client';
import { SetupError } from '../../domain/errors.ts';
import { createRegistry } from './registry.ts';
import { serveMetrics } from './serve-metrics.ts';

async function served(t: TestContext, registry: Registry, readMore?: () => Promise<string>) {
  const server = await serveMetrics({ registry, readMore, port: 0, hostname: '127.0.0.1' });
  t.after(() => server.close());
  return (path: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method });
}

describe('the metrics of a process without a server of its own', () => {
  it('are those of Node, which process it is, and those of another exporter', async (t) => {
    const ask = await served(t, createRegistry('worker'), async () => 'temporal_request 1\n');
    const answer = await ask('/metrics?x=1');
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of [
      /^laurel_process_info\{process="worker",version="\d+\.\d+\.\d+"\} 1$/m,
      /^nodejs_eventloop_lag_seconds \S+$/m,
      /^nodejs_heap_size_used_bytes \d+$/m,
      /\ntemporal_request 1\n$/,
    ]) {
      assert.match(text, line);
    }
  });

  it('are shown without those of the other exporter where that fails', async (t) => {
    const ask = await served(t, createRegistry('worker'), async () => {
      throw new Error('down');
    });
    const answer = await ask('/metrics');
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /^laurel_process_info/m);
  });

  it('are all that is there', async (t) => {
    const ask = await served(t, createRegistry('streams'));
    assert.equal((await ask('/')).status, 404);
    assert.equal((await ask('/metrics/x')).status, 404);
    assert.equal((await ask('/metrics', 'POST')).status, 404);
  });

  it('that cannot be read are no reason to end the process', async (t) => {
    const registry = createRegistry('streams');
    const collect = () => {
      throw new Error('cannot be read');
    };
    new Gauge({ name: 'broken', help: 'Fails.', registers: [registry], collect });
    const ask = await served(t, registry);
    assert.equal((await ask('/metrics')).status, 500);
    assert.equal((await ask('/metrics')).status, 500);
  });

  it('name the port where it is taken', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const registry = createRegistry('worker');
    await assert.rejects(
      serveMetrics({ registry, port, hostname: '127.0.0.1' }),
      (error: Error) =>
        error instanceof SetupError && error.message.includes(`METRICS_PORT=${port}`),
    );
  });
});
