import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { keepMadeBy, keptServers } from '../data-folder.ts';
import { choosePorts, PortTaken } from './chosen-ports.ts';

async function occupy(t: TestContext, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => void server.close());
}

describe('ports', () => {
  it('are the same at the next start, beside what else is kept', async (t) => {
    const folder = temporaryFolder(t);
    const first = await choosePorts(folder, {});
    keepMadeBy(folder, { mongod: '6.0' });
    assert.deepEqual(await choosePorts(folder, {}), first);
    assert.deepEqual(keptServers(folder).madeBy, { mongod: '6.0' });
    assert.equal(new Set(Object.values(first)).size, 9);
  });

  it('that another took meanwhile are replaced', async (t) => {
    const folder = temporaryFolder(t);
    const first = await choosePorts(folder, {});
    await occupy(t, first.mongod);
    const second = await choosePorts(folder, {});
    assert.notEqual(second.mongod, first.mongod);
    assert.deepEqual({ ...second, mongod: 0 }, { ...first, mongod: 0 });
  });

  it('are none of them the one that the API is to have', async (t) => {
    const folder = temporaryFolder(t);
    const { mongod } = await choosePorts(folder, {});
    assert.notEqual((await choosePorts(folder, { PORT: String(mongod) })).mongod, mongod);
  });

  it('that are set are taken or refused, never replaced', async (t) => {
    const folder = temporaryFolder(t);
    const { mongod } = await choosePorts(temporaryFolder(t), {});
    const env = { MONGOD_PORT: String(mongod) };
    assert.equal((await choosePorts(folder, env)).mongod, mongod);
    await occupy(t, mongod);
    await assert.rejects(choosePorts(folder, env), PortTaken);
    await assert.rejects(choosePorts(folder, { TEMPORAL_PORT: 'x' }), /TEMPORAL_PORT is x/);
    const { apiMetrics } = await choosePorts(folder, { METRICS_PORT: '0' });
    assert.ok(apiMetrics > 0, 'as a process takes any port then');
  });
});
