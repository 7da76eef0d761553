/** The real broker under the supervisor. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { choosePorts } from './chosen-ports.ts';
import { kafkaBroker } from './kafka.ts';
import { keptServers } from './kept.ts';
import { type ServerContext, startKafka } from './servers.ts';
import type { Service } from './service.ts';

const TOPIC = 'notes';
const CLIENT = { clientId: 'test', retries: 20, retryDelay: 500 };

/** What a service or a container is often started with. */
process.env.LC_ALL = 'C';

/** A stack's broker over a folder, and a wait for it to be ready again. */
function brokerOver(t: TestContext, dataDir: string) {
  const services: Service[] = [];
  const stop = async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
  };
  t.after(stop);
  let onReady: (() => void) | undefined;
  const context: ServerContext = {
    dataDir,
    env: process.env,
    signal: new AbortController().signal,
    add: (service) => void services.push(service),
    watcher: { say: () => {}, onReady: () => onReady?.() },
  };
  const killed = async (service: Service) => {
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    process.kill(service.pid as number, 'SIGKILL');
    await ready;
  };
  return { context, stop, killed };
}

async function withAdmin<T>(port: number, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...CLIENT, bootstrapBrokers: [kafkaBroker(port)] });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

async function createTopic(port: number): Promise<void> {
  await withAdmin(port, (admin) =>
    admin.createTopics({ topics: [TOPIC], partitions: 1, replicas: 1 }),
  );
}

/** Returns the offset that the record got: how many were there before. */
async function produce(port: number): Promise<bigint | undefined> {
  const bootstrapBrokers = [kafkaBroker(port)];
  const producer = new Producer({ ...CLIENT, bootstrapBrokers, serializers: stringSerializers });
  try {
    const messages = [{ topic: TOPIC, key: 'a', value: 'a' }];
    const { offsets } = await producer.send({ messages, acks: -1 });
    return offsets?.[0]?.offset;
  } finally {
    await producer.close();
  }
}

describe("Kafka's broker", () => {
  it('that is killed is back at the same address with what was written', async (t) => {
    // Whatever letters are in the path of the data folder.
    const dataDir = join(temporaryFolder(t), 'Größe \\u0041 = 1');
    mkdirSync(dataDir);
    const { context, killed } = brokerOver(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    const service = await startKafka(context, ports);
    await createTopic(ports.kafka);
    assert.equal(await produce(ports.kafka), 0n);
    await killed(service);
    assert.equal(await produce(ports.kafka), 1n);
    assert.equal(keptServers(dataDir).madeBy.kafka, '4.1');
  });

  it('moves with its data where others took its ports meanwhile, as the same cluster', async (t) => {
    const dataDir = temporaryFolder(t);
    const first = brokerOver(t, dataDir);
    const ports = await choosePorts(dataDir, {});
    await startKafka(first.context, ports);
    await createTopic(ports.kafka);
    await produce(ports.kafka);
    const identity = () => readFileSync(join(dataDir, 'kafka', 'logs', 'meta.properties'), 'utf8');
    const before = identity();
    await first.stop();

    for (const port of [ports.kafka, ports.kafkaController]) {
      const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
      t.after(() => void other.close());
      await once(other, 'listening');
    }
    const moved = await choosePorts(dataDir, {});
    assert.notEqual(moved.kafka, ports.kafka);
    assert.notEqual(moved.kafkaController, ports.kafkaController);
    await startKafka(brokerOver(t, dataDir).context, moved);
    assert.equal(await produce(moved.kafka), 1n);
    assert.equal(identity(), before);
  });
});
