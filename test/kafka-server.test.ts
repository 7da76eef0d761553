import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  Admin,
  Consumer,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { type KafkaServer, kafkaServer } from './kafka-server.ts';

const TOPIC = 'notes';
const CLIENT = { clientId: 'test', retries: 10, retryDelay: 500 };

describe("the tests' broker", () => {
  let server: KafkaServer;
  before(async () => {
    server = await kafkaServer();
    await withAdmin((admin) => admin.createTopics({ topics: [TOPIC], partitions: 2, replicas: 1 }));
  });
  after(() => server?.stop());

  async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin({ ...CLIENT, bootstrapBrokers: server.brokers });
    try {
      return await use(admin);
    } finally {
      await admin.close();
    }
  }

  async function produce(...values: string[]): Promise<void> {
    const bootstrapBrokers = server.brokers;
    const producer = new Producer({ ...CLIENT, bootstrapBrokers, serializers: stringSerializers });
    try {
      const messages = values.map((value) => ({ topic: TOPIC, key: value, value }));
      await producer.send({ messages, acks: -1 });
    } finally {
      await producer.close();
    }
  }

  /** The first `count` values that a group sees, committed. */
  async function consume(groupId: string, count: number): Promise<string[]> {
    const consumer = new Consumer({
      ...CLIENT,
      bootstrapBrokers: server.brokers,
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

  it('that is killed has, once it is started again, its records and what groups have read', async () => {
    await produce('a', 'b');
    assert.deepEqual(await consume('readers', 2), ['a', 'b']);
    server.kill();
    await server.restart();
    await produce('c');
    assert.deepEqual(await consume('readers', 1), ['c']);
    assert.deepEqual(await consume('newcomers', 3), ['a', 'b', 'c']);
  });

  it('makes no topic by itself', async () => {
    const other = { topics: ['other'], autocreateTopics: true, retries: 4 };
    await assert.rejects(withAdmin((admin) => admin.metadata(other)));
    assert.deepEqual(await withAdmin((admin) => admin.listTopics()), [TOPIC]);
  });
});
