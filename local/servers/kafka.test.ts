/** The real broker under the supervisor. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  Admin,
  Consumer,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { keptServers } from '../data-folder.ts';
import { choosePorts, type Ports } from '../processes/chosen-ports.ts';
import type { Service } from '../processes/service.ts';
import { kafkaBroker } from './kafka.ts';
import { startKafka } from './start-servers.ts';
import { serverFolder } from './test-server-folder.ts';

const TOPIC = 'notes';
const CLIENT = { clientId: 'test', retries: 20, retryDelay: 500 };

/** Services and containers are often started with this locale. */
process.env.LC_ALL = 'C';

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
async function produce(port: number, value = 'a'): Promise<bigint | undefined> {
  const bootstrapBrokers = [kafkaBroker(port)];
  const producer = new Producer({ ...CLIENT, bootstrapBrokers, serializers: stringSerializers });
  try {
    const messages = [{ topic: TOPIC, key: value, value }];
    const { offsets } = await producer.send({ messages, acks: -1 });
    return offsets?.[0]?.offset;
  } finally {
    await producer.close();
  }
}

/** The first `count` values that a group sees, committed. */
async function consume(port: number, groupId: string, count: number): Promise<string[]> {
  const consumer = new Consumer({
    ...CLIENT,
    bootstrapBrokers: [kafkaBroker(port)],
    groupId,
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({
    topics: [TOPIC],
    mode: 'committed',
    fallbackMode: 'earliest',
    autocommit: false,
  });
  const values: string[] = [];
  for await (const message of stream) {
    values.push(message.value);
    await message.commit();
    if (values.length === count) break;
  }
  await consumer.close(true);
  return values.sort();
}

describe("Kafka's broker, whatever letters are in the path of its folder", () => {
  // Before the folder is removed.
  after(() => broker.stop());
  const dataDir = join(temporaryFolder({ after }), 'Größe \\u0041 = 1');
  mkdirSync(dataDir);
  const broker = serverFolder({ after }, dataDir);
  let ports: Ports;
  let service: Service;
  before(async () => {
    ports = await choosePorts(dataDir, {});
    service = await startKafka(broker.context, ports);
    await createTopic(ports.kafka);
  });

  it('makes no topic by itself', async () => {
    const other = { topics: ['other'], autocreateTopics: true, retries: 4 };
    await assert.rejects(withAdmin(ports.kafka, (admin) => admin.metadata(other)));
    assert.deepEqual(await withAdmin(ports.kafka, (admin) => admin.listTopics()), [TOPIC]);
  });

  it('that is killed is back at the same address with its records and what groups have read', async () => {
    assert.equal(await produce(ports.kafka, 'a'), 0n);
    assert.deepEqual(await consume(ports.kafka, 'readers', 1), ['a']);
    await broker.killed(service);
    assert.equal(await produce(ports.kafka, 'b'), 1n);
    assert.deepEqual(await consume(ports.kafka, 'readers', 1), ['b']);
    assert.deepEqual(await consume(ports.kafka, 'newcomers', 2), ['a', 'b']);
    assert.equal(keptServers(dataDir).madeBy.kafka, '4.1');
  });
});

describe("Kafka's broker", () => {
  it('moves with its data where others took its ports meanwhile, as the same cluster', async (t) => {
    const dataDir = temporaryFolder(t);
    const first = serverFolder(t, dataDir);
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
    await startKafka(serverFolder(t, dataDir).context, moved);
    assert.equal(await produce(moved.kafka), 1n);
    assert.equal(identity(), before);
  });
});
