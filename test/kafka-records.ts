/** Writing and reading records in tests. */
import { randomUUID } from 'node:crypto';
import {
  Admin,
  Consumer,
  ListOffsetTimestamps,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';

export interface TestRecord {
  /** The one its key has unless given. */
  partition?: number;
  key?: string;
  value: string;
  headers?: Record<string, string>;
}

/** A broker that was just killed may take a while to be itself again. */
const PATIENT = { retries: 30, retryDelay: 500 };

const client = (brokers: string[]) => ({
  clientId: `test-${randomUUID()}`,
  bootstrapBrokers: brokers,
  ...PATIENT,
});

/** Writes them in their order, acknowledged. A record may be there twice if the broker was killed. */
export async function produce(
  brokers: string[],
  topic: string,
  records: TestRecord[],
): Promise<void> {
  const producer = new Producer({ ...client(brokers), serializers: stringSerializers });
  try {
    const messages = records.map((record) => ({ topic, ...record }));
    await producer.send({ messages, acks: ProduceAcks.ALL });
  } finally {
    await producer.close();
  }
}

/** Does something as the brokers' admin. */
export async function withAdmin<T>(
  brokers: string[],
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Admin(client(brokers));
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** How many records of the topic the group has not committed yet. */
export async function lagOf(brokers: string[], topic: string, groupId: string): Promise<bigint> {
  return await withAdmin(brokers, async (admin) => {
    const { topics } = await admin.metadata({ topics: [topic] });
    const indexes = Array.from({ length: topics.get(topic)?.partitionsCount ?? 0 }, (_, n) => n);
    const latest = indexes.map((partitionIndex) => {
      return { partitionIndex, timestamp: ListOffsetTimestamps.LATEST };
    });
    const [ends] = await admin.listOffsets({ topics: [{ name: topic, partitions: latest }] });
    const [group] = await admin.listConsumerGroupOffsets({
      groups: [{ groupId, topics: [{ name: topic, partitionIndexes: indexes }] }],
    });
    const committed = new Map(
      group?.topics[0]?.partitions.map((one) => [one.partitionIndex, one.committedOffset]),
    );
    return (ends?.partitions ?? []).reduce((lag, { partitionIndex, offset }) => {
      const place = committed.get(partitionIndex) ?? -1n;
      return lag + offset - (place < 0n ? 0n : place);
    }, 0n);
  });
}

export interface ReadRecord {
  key: string | undefined;
  value: string;
  partition: number;
  headers: Record<string, string>;
}

/** Collects a topic's records from the first on; `close` ends it. */
export async function readTopic(brokers: string[], topic: string) {
  const consumer = new Consumer({
    ...client(brokers),
    groupId: `test-${randomUUID()}`,
    deserializers: stringDeserializers,
    maxWaitTime: 250,
  });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
  });
  const records: ReadRecord[] = [];
  stream.on('data', ({ key, value, partition, headers }) => {
    records.push({ key, value, partition, headers: Object.fromEntries(headers) });
  });
  // A broker that is killed breaks the reading; what was read is still there.
  stream.on('error', () => {});
  return { records, close: () => consumer.close(true) };
}

/** Longer than the results of a file take to be told. */
const END_WITHIN_MS = 10_000;

/**
 * Ends this file's process soon, if it does not end by itself: a client whose broker was killed may
 * leave a timer behind that would keep it alive for good. To be called last.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), END_WITHIN_MS).unref();
}
