/** Records that cannot be taken, put aside with the reason, for a person to look at. */
import type { OutgoingRecord } from './kafka.ts';
import type { RefusedRecord } from './records.ts';

/**
 * A refused record as it is put aside: key and value as they came, the reason and where it lay in
 * the headers.
 */
export function deadLetter(deadTopic: string, { record, reason }: RefusedRecord): OutgoingRecord {
  const headers = {
    reason,
    topic: record.topic,
    partition: String(record.partition),
    offset: String(record.offset),
  };
  return {
    topic: deadTopic,
    ...(record.key && { key: record.key }),
    value: record.value ?? Buffer.alloc(0),
    headers: new Map(
      Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
    ),
  };
}
