/** What every client of Kafka here has in common. */
import { randomUUID } from 'node:crypto';
import { ProduceAcks, Producer } from '@platformatic/kafka';

/** One record to be written. */
export interface OutgoingRecord {
  topic: string;
  key?: Buffer;
  value: Buffer;
  headers?: Map<Buffer, Buffer>;
}

/** How long a broker may take to accept a connection and to answer, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;

export function clientOptions(brokers: string[]) {
  return {
    clientId: `laurel-${randomUUID()}`,
    bootstrapBrokers: brokers,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
    timeout: ANSWER_TIMEOUT_MS,
  };
}

export interface Outlet {
  /** Writes all of them, in their order where they share a key. @throws while no broker takes them */
  send(records: OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes records, each acknowledged by every replica in sync. */
export function createOutlet(brokers: string[]): Outlet {
  // Tried again by the caller, who knows for how long.
  const producer = new Producer({ ...clientOptions(brokers), acks: ProduceAcks.ALL, retries: 0 });
  return {
    async send(records) {
      if (records.length > 0) await producer.send({ messages: records });
    },
    async close() {
      await producer.close(true);
    },
  };
}
