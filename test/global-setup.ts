/**
 * One mongod, one Temporal server, and one bundle each of the workflow code and of the console for a
 * whole run of `node --test --test-global-setup=…`. Test files find the servers in
 * `TEST_MONGODB_URI` and `TEST_TEMPORAL_ADDRESS`, and keep apart by a database and a namespace of
 * their own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import { prebuildConsole } from '../api/console/bundle.ts';
import { type Servers, startServers } from '../local/servers/start-servers.ts';
import { prebuildBundle } from '../worker/bundle.ts';

let servers: Servers | undefined;
let folder = '';

export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'laurel-test-run-'));
  // What one test file makes and another can use.
  process.env.TEST_RUN_FOLDER = folder;
  // For the tests' own workers, and for each process of a whole stack: seconds of work for each.
  await Promise.all([prebuildBundle(new DefaultLogger('ERROR')), prebuildConsole()]);
  // Most files load the same modules: compiled once, each starts in two thirds of the time.
  process.env.NODE_COMPILE_CACHE ??= join(folder, 'compiled');
  servers = await startServers({ dataDir: folder, say: (line) => console.error(line) });
  process.env.TEST_MONGODB_URI = servers.mongodbUri;
  process.env.TEST_TEMPORAL_ADDRESS = servers.temporalAddress;
}

/** Called twice where the run is interrupted. */
export async function globalTeardown(): Promise<void> {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
}
