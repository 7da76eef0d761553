/** mongod, Temporal and Kafka as `npm start` runs them, over a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeptSecrets, keptSecrets } from '../../local/data-folder.ts';
import { allOrNone } from '../../local/processes/all-or-none.ts';
import { choosePorts } from '../../local/processes/chosen-ports.ts';
import type { Service } from '../../local/processes/service.ts';
import { kafkaBroker } from '../../local/servers/kafka.ts';
import { mongodUri } from '../../local/servers/mongod.ts';
import { startKafka, startMongod, startTemporal } from '../../local/servers/start-servers.ts';
import type { Pids } from './process-usage.ts';

export interface BenchServers {
  mongodbUri(database: string): string;
  temporalAddress: string;
  brokers: string[];
  secrets: KeptSecrets;
  pids(): Pids;
  stop(): Promise<void>;
}

/** Starts mongod, and what else is wanted. Unlike in tests, Temporal keeps its runs on disk. */
export async function startBenchServers(
  wanted: { temporal?: boolean; kafka?: boolean },
  say: (line: string) => void,
): Promise<BenchServers> {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  const clear = () => rmSync(dataDir, { recursive: true, force: true });
  process.once('exit', clear);
  const services: Service[] = [];
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    process.off('exit', clear);
    clear();
  };
  const add = (service: Service) => void services.push(service);
  try {
    const secrets = await keptSecrets(dataDir);
    const ports = await choosePorts(dataDir, {});
    await allOrNone(new AbortController().signal, (signal) => {
      const context = { dataDir, env: process.env, watcher: { say }, add, signal };
      const mongod = [startMongod(context, ports.mongod)];
      const temporal = wanted.temporal === true ? [startTemporal(context, ports)] : [];
      const kafka = wanted.kafka === true ? [startKafka(context, ports)] : [];
      return [...mongod, ...temporal, ...kafka];
    });
    return {
      mongodbUri: (database) => mongodUri(ports.mongod, database),
      temporalAddress: `127.0.0.1:${ports.temporal}`,
      brokers: [kafkaBroker(ports.kafka)],
      secrets,
      pids: () => Object.fromEntries(services.map(({ name, pid }) => [name, pid])),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
