/** Incoming records, their values and their batches. */
import type { MessagesStream } from '@platformatic/kafka';

/** A record as it came, not yet parsed. */
export interface IncomingRecord {
  topic: string;
  partition: number;
  offset: bigint;
  leaderEpoch: number;
  key: Buffer | null;
  value: Buffer | null;
  headers?: ReadonlyMap<Buffer, Buffer>;
}

/** A record that cannot be handled, and why. */
export interface RefusedRecord {
  record: IncomingRecord;
  reason: string;
}

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

/**
 * Batches of the records that have arrived, each of at most `most`: single records at low load,
 * many where records queue up. Ends when the stream or the signal ends. @throws the stream's error
 */
export async function* batchesOf(
  stream: Stream,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<IncomingRecord[]> {
  let failure: Error | undefined;
  let wake = () => {};
  const onChange = () => wake();
  // For the stream's whole life: without this listener it stops fetching for good.
  for (const event of ['readable', 'close', 'end']) stream.on(event as 'readable', onChange);
  stream.on('error', (error) => {
    failure = error;
  });
  signal.addEventListener('abort', onChange, { once: true });
  while (!signal.aborted) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const batch = take(stream, most);
    if (batch.length > 0) yield batch;
    else if (failure) throw failure;
    else if (stream.destroyed || stream.readableEnded) return;
    else await changed;
  }
}

function take(stream: Stream, most: number): IncomingRecord[] {
  const batch: IncomingRecord[] = [];
  while (batch.length < most) {
    const message = stream.read() as IncomingRecord | null;
    if (message === null) break;
    batch.push(message);
  }
  return batch;
}

/** The offsets to commit after these records: in each partition, the one behind the last. */
export function positionsAfter(records: readonly IncomingRecord[]) {
  const positions = records.map(({ topic, partition, offset, leaderEpoch }) => {
    const position = { topic, partition, offset: offset + 1n, leaderEpoch };
    return [`${topic}/${partition}`, position] as const;
  });
  return [...new Map(positions).values()];
}

/** Strict: with replacement characters, two different broken IDs could become the same one. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value in the bytes; undefined where they are not UTF-8 or not JSON. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : (JSON.parse(utf8.decode(value)) as unknown);
  } catch {
    return undefined;
  }
}
