/** Servers and processes of ours for a measurement, over a folder that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Child, startChild } from '../local/child.ts';
import { keptSecrets } from '../local/kept.ts';
import { LineWatch } from '../local/line-watch.ts';
import { freePort } from '../local/ports.ts';
import { startServers } from '../local/servers.ts';

const ROOT = resolve(import.meta.dirname, '..');
const READY_MS = 60_000;

export interface Measured {
  mongodbUri: string;
  brokers: string[];
  apiUrl: string;
  streams: Child;
  admin: { username: string; password: string };
  stop(): Promise<void>;
}

/** mongod, Kafka, the API and the streams, as they run in production; no limits on callers. */
export async function startMeasured(say: (line: string) => void): Promise<Measured> {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  const servers = await startServers({ dataDir, temporal: false, kafka: true, say });
  const secrets = await keptSecrets(dataDir);
  const port = await freePort();
  const mongodbUri = servers.mongodbUri.replace('/?', '/bench?');
  const env = {
    ...process.env,
    MONGODB_URI: mongodbUri,
    // Nobody answers there, and nothing that is measured asks.
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    KAFKA_BROKERS: servers.kafkaBrokers.join(','),
    ADMIN_PASSWORD: secrets.adminPassword,
    JWT_KEYS: secrets.jwtKeys,
    PORT: String(port),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'info',
  };
  const api = await startProcess('api/main.ts', 'api ready', env);
  const streams = await startProcess('streams/main.ts', 'streams ready', env);
  return {
    mongodbUri,
    brokers: servers.kafkaBrokers,
    apiUrl: `http://127.0.0.1:${port}`,
    streams,
    admin: { username: 'admin', password: secrets.adminPassword },
    async stop() {
      for (const child of [api, streams]) child.signal('SIGTERM');
      await Promise.all([api.ended, streams.ended]);
      await servers.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function startProcess(file: string, words: string, env: NodeJS.ProcessEnv): Promise<Child> {
  const lines = new LineWatch();
  const ready = lines.next((line) => line.includes(words), AbortSignal.timeout(READY_MS));
  ready.catch(() => {});
  const child = await startChild(
    { file: process.execPath, args: [join(ROOT, file)], env },
    { chunk: () => {}, line: (text, stream) => lines.add(text, stream) },
  );
  await ready;
  return child;
}
