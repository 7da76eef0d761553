/** What all Kafka clients here share. */
import { randomUUID } from 'node:crypto';
import { ProduceAcks, Producer } from '@platformatic/kafka';

/** A record to be written. */
export interface OutgoingRecord {
  topic: string;
  key?: Buffer;
  value: Buffer;
  headers?: Map<Buffer, Buffer>;
}

/** How long a broker may take to accept a connection, and to answer, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** The options of every client: addresses, timeouts, and an ID that no other client has. */
export function clientOptions(brokers: string[]) {
  return {
    clientId: `laurel-${randomUUID()}`,
    bootstrapBrokers: brokers,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
    timeout: ANSWER_TIMEOUT_MS,
  };
}

export type Outlet = ReturnType<typeof createOutlet>;

/** Writes records to Kafka. Every replica in sync acknowledges each record. */
export function createOutlet(brokers: string[]) {
  // No retries here: the caller retries, and knows for how long.
  const producer = new Producer({ ...clientOptions(brokers), acks: ProduceAcks.ALL, retries: 0 });
  return {
    /** Writes all records; those with one key in order. @throws while no broker takes them */
    async send(records: OutgoingRecord[]): Promise<void> {
      if (records.length > 0) await producer.send({ messages: records });
    },
    /** Closes the connection. */
    async close(): Promise<void> {
      await producer.close(true);
    },
  };
}
