/** The real mongod and the real Temporal server under the supervisor. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { mongo } from 'mongoose';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { choosePorts, type Ports } from '../processes/chosen-ports.ts';
import { mongodUri } from './mongod.ts';
import { startMongod, startTemporal } from './start-servers.ts';
import { serverFolder } from './test-server-folder.ts';

async function withNotes<T>(
  ports: Ports,
  use: (notes: mongo.Collection<{ _id: string }>) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(mongodUri(ports.mongod, 'laurel'));
  try {
    return await use(client.db().collection('notes'));
  } finally {
    await client.close();
  }
}

describe('mongod', () => {
  it('that is killed is back at the same address with what was written', async (t) => {
    const dataDir = temporaryFolder(t);
    const { context, killed } = serverFolder(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    const { service } = await startMongod(context, ports.mongod);
    await withNotes(ports, async (notes) => {
      await notes.insertOne({ _id: 'a' }, { writeConcern: { w: 'majority', journal: true } });
      await killed(service);
      assert.equal(await notes.countDocuments(), 1);
    });
  });

  it('is a replica set: transactions and change streams work', async (t) => {
    const dataDir = temporaryFolder(t);
    const { context } = serverFolder(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    await startMongod(context, ports.mongod);
    const client = new mongo.MongoClient(mongodUri(ports.mongod, 'laurel'));
    t.after(() => client.close());
    const notes = client.db().collection<{ _id: string }>('notes');
    const stream = notes.watch();
    const change = once(stream, 'change');
    await once(stream, 'resumeTokenChanged');
    await client.withSession((session) =>
      session.withTransaction(() => notes.insertOne({ _id: 'a' }, { session })),
    );
    assert.equal((await change)[0].documentKey._id, 'a');
    await stream.close();
  });

  it('moves with its data where another took its port meanwhile', async (t) => {
    const dataDir = temporaryFolder(t);
    const first = serverFolder(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    await startMongod(first.context, ports.mongod);
    await withNotes(ports, (notes) => notes.insertOne({ _id: 'a' }));
    await first.stop();

    const other = createServer((socket) => socket.destroy()).listen(ports.mongod, '127.0.0.1');
    t.after(() => void other.close());
    await once(other, 'listening');
    const moved = await choosePorts(dataDir, {});
    assert.notEqual(moved.mongod, ports.mongod);
    await startMongod(serverFolder(t, dataDir).context, moved.mongod);
    assert.equal(await withNotes(moved, (notes) => notes.countDocuments()), 1);
  });
});

describe("Temporal's server", () => {
  it('that is killed is back at the same address with its runs', async (t) => {
    const dataDir = temporaryFolder(t);
    const { context, killed } = serverFolder(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    const { service, address, cli, uiUrl = '' } = await startTemporal(context, ports);
    const run = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(cli, [...args, '--address', address]);
      return stdout;
    };
    const claim = ['--workflow-id', 'claim/1', '--type', 'claim', '--task-queue', 'none'];
    const found = ['--search-attribute', 'EventId="snow"', '--search-attribute', 'Reason="none"'];
    await run('workflow', 'start', ...claim, ...found);
    await killed(service);
    const json = await run('workflow', 'describe', '--workflow-id', 'claim/1', '--output', 'json');
    assert.equal(
      JSON.parse(json).workflowExecutionInfo.status,
      'WORKFLOW_EXECUTION_STATUS_RUNNING',
    );
    assert.equal((await fetch(uiUrl)).status, 200);
  });
});
