/** Dead letters: records that cannot be handled, kept with the reason for a person to look at. */
import { findErrorBy } from '@platformatic/kafka';
import type { OutgoingRecord, Outlet } from './kafka.ts';
import type { RefusedRecord } from './records.ts';

/** How much is sent at once, in bytes: half of what a broker takes by default. */
const MOST_BYTES_AT_ONCE = 512 * 1_024;

/** What is kept of a value that became too large for the broker by its new headers, in bytes. */
const CUT_BYTES = 64 * 1_024;

/** The headers that a dead letter gets from us. */
const OURS = ['reason', 'topic', 'partition', 'offset', 'cutFromBytes'];

const isOurs = (name: Buffer): boolean => OURS.includes(String(name));

/**
 * Makes a dead letter: the record's key, value and headers, with the reason and its origin as
 * headers in front. Ours replace headers of the same name.
 */
export function deadLetter(deadTopic: string, { record, reason }: RefusedRecord): OutgoingRecord {
  const ours = {
    reason,
    topic: record.topic,
    partition: String(record.partition),
    offset: String(record.offset),
  };
  // A header in Kafka may have no value.
  const theirs = [...(record.headers ?? [])]
    .filter(([name]) => !isOurs(name))
    .map(([name, value]): [Buffer, Buffer] => [name, value ?? Buffer.alloc(0)]);
  return {
    topic: deadTopic,
    ...(record.key && { key: record.key }),
    value: record.value ?? Buffer.alloc(0),
    headers: new Map([...textHeaders(ours), ...theirs]),
  };
}

const textHeaders = (headers: Record<string, string>): [Buffer, Buffer][] =>
  Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]);

/** Sends the letters in bundles that a broker takes. @throws while no broker takes them */
export async function sendLetters(outlet: Outlet, letters: readonly OutgoingRecord[]) {
  for (const together of bundles(letters)) {
    try {
      await outlet.send(together);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      for (const letter of together) await sendOne(outlet, letter);
    }
  }
}

/** Sends the whole letter, or its beginning where it is too large: none may block the topic. */
async function sendOne(outlet: Outlet, letter: OutgoingRecord): Promise<void> {
  try {
    await outlet.send([letter]);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    const { key, value, headers = new Map<Buffer, Buffer>() } = letter;
    const cut = textHeaders({ cutFromBytes: String(value.length) });
    await outlet.send([
      {
        topic: letter.topic,
        ...(key && { key: key.subarray(0, CUT_BYTES) }),
        value: value.subarray(0, CUT_BYTES),
        headers: new Map([...fittingHeaders(headers), ...cut]),
      },
    ]);
  }
}

/** Our headers, and as many of the record's own as fit into `CUT_BYTES`. */
function fittingHeaders(headers: Map<Buffer, Buffer>): [Buffer, Buffer][] {
  let bytes = 0;
  return [...headers].filter((header) => {
    const more = sizeOfHeader(header);
    if (isOurs(header[0])) return true;
    if (bytes + more > CUT_BYTES) return false;
    bytes += more;
    return true;
  });
}

function bundles(letters: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const all: OutgoingRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    const more = letter.value.length + (letter.key?.length ?? 0) + sizeOfHeaders(letter);
    if (bytes + more > MOST_BYTES_AT_ONCE) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(letter);
    bytes += more;
  }
  return all;
}

/** What a record, and each header, takes besides its own bytes, in bytes; generous. */
const FRAME_BYTES = 64;

const sizeOfHeader = ([name, value]: [Buffer, Buffer]): number =>
  name.length + value.length + FRAME_BYTES;

const sizeOfHeaders = ({ headers = new Map<Buffer, Buffer>() }: OutgoingRecord): number =>
  [...headers].reduce((bytes, header) => bytes + sizeOfHeader(header), FRAME_BYTES);

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', 'MESSAGE_TOO_LARGE') !== null;
}
