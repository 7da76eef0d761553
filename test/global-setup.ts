/**
 * One mongod and one Temporal server for a whole run of `node --test --test-global-setup=…`. Test
 * files get their addresses in `TEST_MONGODB_URI` and `TEST_TEMPORAL_ADDRESS`, and keep apart by a
 * database and a task queue of their own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Servers, startServers } from '../local/servers.ts';

let servers: Servers | undefined;
let folder = '';

export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'laurel-test-run-'));
  servers = await startServers({ dataDir: folder, say: (line) => console.error(line) });
  process.env.TEST_MONGODB_URI = servers.mongodbUri;
  process.env.TEST_TEMPORAL_ADDRESS = servers.temporalAddress;
}

/** Called twice where the run is interrupted. */
export async function globalTeardown(): Promise<void> {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
}
