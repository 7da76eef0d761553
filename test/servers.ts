/** The real servers that a test talks to: the run's, or its own where the file runs by itself. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Servers } from '../local/servers/start-servers.ts';

export interface TestServers {
  /** The address of a database, by its name. */
  mongodbUri(database: string): string;
  temporalAddress: string;
  /** To be called when the test needs them no more. */
  stop(): Promise<void>;
}

/** A name no other test has: for a database, a task queue, a workflow. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** @throws NoBinary, StartFailure where the file runs by itself and the servers cannot be had */
export async function testServers(): Promise<TestServers> {
  const { TEST_MONGODB_URI, TEST_TEMPORAL_ADDRESS } = process.env;
  if (TEST_MONGODB_URI !== undefined && TEST_TEMPORAL_ADDRESS !== undefined) {
    return testServersAt(TEST_MONGODB_URI, TEST_TEMPORAL_ADDRESS, async () => {});
  }
  users += 1;
  own ??= startOwn();
  const { mongodbUri, temporalAddress, stop } = await own;
  return testServersAt(mongodbUri, temporalAddress, async () => {
    users -= 1;
    if (users > 0) return;
    own = undefined;
    await stop();
  });
}

let own: Promise<Servers> | undefined;
let users = 0;

/** They end with this process at the latest, so a test that is cut short leaves nothing behind. */
async function startOwn(): Promise<Servers> {
  const { startServers } = await import('../local/servers/start-servers.ts');
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-test-servers-'));
  const servers = await startServers({ dataDir, say: (line) => console.error(line) });
  servers.unref();
  process.once('exit', () => {
    servers.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return servers;
}

function testServersAt(
  uri: string,
  temporalAddress: string,
  stop: () => Promise<void>,
): TestServers {
  const mongodbUri = (database: string) => uri.replace('/?', `/${database}?`);
  return { mongodbUri, temporalAddress, stop };
}
