/** What a start says about a MongoDB that it cannot use. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SetupError } from '../../domain/errors.ts';
import { resolveMongod } from '../../local/install/binaries.ts';
import { freePort } from '../../local/processes/ports.ts';
import { byLine } from '../../local/processes/readiness.ts';
import { Service } from '../../local/processes/service.ts';
import { mongodSpec } from '../../local/servers/mongod.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { hostsOf, openDatabase } from './database.ts';

const SECRET = 'user:s3cret';

/** The message of a failed start. It has no stack trace and no password. */
async function refusal(uri: string): Promise<string> {
  const error = await openDatabase(uri, { appName: 'test' }).then(
    () => undefined,
    (error: Error) => error,
  );
  assert.ok(error instanceof SetupError, String(error));
  assert.doesNotMatch(error.message, /s3cret/);
  return error.message;
}

describe('a start over a MongoDB', () => {
  it('that nobody answers at names its hosts, and not the password', async () => {
    const uri = `mongodb://${SECRET}@127.0.0.1:1,127.0.0.1:2/laurel?replicaSet=r`;
    assert.match(await refusal(uri), /^MongoDB at 127\.0\.0\.1:1,127\.0\.0\.1:2 cannot be used: /);
  });

  it('whose address cannot be read names its hosts, and not the password', async () => {
    const said = await refusal(`mongodb://${SECRET}@127.0.0.1:1/laurel?replicaset=r&nonsense=1`);
    assert.match(said, /^MongoDB at 127\.0\.0\.1:1 cannot be used: .*nonsense/);
  });

  it('knows the hosts of every form of address', () => {
    assert.equal(hostsOf('mongodb+srv://a:p%40ss@cluster.example/laurel'), 'cluster.example');
    assert.equal(hostsOf('mongodb://[::1]:3,b/laurel?x=y@z'), '[::1]:3,b');
  });
});

describe('a standalone mongod', () => {
  let mongod: Service;
  let port: number;
  // Before its folder is removed.
  after(() => mongod.stop());
  const folder = temporaryFolder({ after });
  before(async () => {
    port = await freePort();
    const { path: binary } = await resolveMongod({
      env: process.env,
      say: () => {},
      signal: AbortSignal.timeout(60_000),
    });
    const spec = mongodSpec({ binary, dbPath: folder, port, logPath: `${folder}/log` });
    const flags = spec.command.args;
    const at = flags.indexOf('--replSet');
    const args = [...flags.slice(0, at), ...flags.slice(at + 2)];
    const command = { ...spec.command, args };
    const ready = byLine('Waiting for connections');
    mongod = new Service({ ...spec, command, ready }, { say: () => {} });
    await mongod.start();
  });
  it('is refused with what to do', async () => {
    const said = await refusal(`mongodb://127.0.0.1:${port}/laurel`);
    assert.match(
      said,
      /^MongoDB at 127\.0\.0\.1:\d+ is a standalone server.*mongod with --replSet/,
    );
  });
});
