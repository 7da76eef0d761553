/** A real broker of a test's own, which it may kill and start again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServers } from '../local/servers/start-servers.ts';

export interface KafkaServer {
  /** The same after a restart. */
  brokers: string[];
  /** `kill -9`; it stays down until `restart`. */
  kill(): void;
  /** Stops it where it still runs, and starts it over the same records. */
  restart(): Promise<void>;
  /** To be called when the test needs it no more; its records are gone then. */
  stop(): Promise<void>;
}

/**
 * Resolves once the broker answers, in some seconds; it has no topics and makes none by itself. It
 * ends with this process at the latest. @throws NoBinary, StartFailure where it cannot be had
 */
export async function kafkaServer(): Promise<KafkaServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-test-kafka-'));
  const start = async () => {
    const say = (line: string) => console.error(line);
    const started = await startServers({
      dataDir,
      mongod: false,
      temporal: false,
      kafka: true,
      say,
    });
    started.unref();
    return started;
  };
  const removeAll = () => {
    servers?.kill();
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once('exit', removeAll);
  let servers: Awaited<ReturnType<typeof start>> | undefined;
  servers = await start();
  const { kafkaBrokers: brokers } = servers;
  return {
    brokers,
    kill: () => servers?.kill(),
    restart: async () => {
      await servers?.stop();
      servers = await start();
      const [now, before] = [String(servers.kafkaBrokers), String(brokers)];
      if (now !== before) throw new Error(`another took ${before} while the broker was down`);
    },
    stop: async () => {
      await servers?.stop();
      process.off('exit', removeAll);
      removeAll();
    },
  };
}
