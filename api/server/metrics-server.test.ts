import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { pino } from 'pino';
import { Gauge, Registry } from 'prom-client';
import { CONNECTIONS } from '../test-bounds.ts';
import { serveMetrics } from './front.ts';

it('what fails on the port of the measurements is a problem, and is logged', async (t) => {
  const metrics = new Registry();
  const fail = () => {
    throw new Error('it cannot be measured');
  };
  new Gauge({ name: 'broken', help: 'Fails.', registers: [metrics], collect: fail });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const server = await serveMetrics(metrics, { port: 0, hostname: '127.0.0.1' }, CONNECTIONS, log);
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(answer.status, 500);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal(((await answer.json()) as { code: string }).code, 'internal');
  assert.match(lines.join(''), /it cannot be measured/);
});
