/** Records that cannot be taken, put aside with the reason, for a person to look at. */
import { findErrorBy } from '@platformatic/kafka';
import type { OutgoingRecord, Outlet } from './kafka.ts';
import type { RefusedRecord } from './records.ts';

/** A broker takes a mebibyte at once unless it is told otherwise; keys and headers need some of it. */
const MOST_BYTES_AT_ONCE = 512 * 1_024;

/** What stays of a value that no broker takes a second time, as its headers make it longer. */
const CUT_BYTES = 64 * 1_024;

/** What a letter's headers say that were not the record's. */
const OURS = ['reason', 'topic', 'partition', 'offset', 'cutFromBytes'];

const isOurs = (name: Buffer): boolean => OURS.includes(String(name));

/**
 * A refused record as it is put aside: key, value and headers as they came, and before those headers
 * the reason and where it lay, which take the place of any of the same name.
 */
export function deadLetter(deadTopic: string, { record, reason }: RefusedRecord): OutgoingRecord {
  const ours = {
    reason,
    topic: record.topic,
    partition: String(record.partition),
    offset: String(record.offset),
  };
  // A header of Kafka's may have no value.
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

/** Writes them, in as many turns as their size asks for. @throws while no broker takes them */
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

/** As it came if any broker takes it, else what it begins with: it must not stop what follows. */
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

/** Ours, and of the record's own those that are not too long together. */
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

/** More than what a record and a header take beside their bytes: lengths, and the record's times. */
const FRAME_BYTES = 64;

const sizeOfHeader = ([name, value]: [Buffer, Buffer]): number =>
  name.length + value.length + FRAME_BYTES;

const sizeOfHeaders = ({ headers = new Map<Buffer, Buffer>() }: OutgoingRecord): number =>
  [...headers].reduce((bytes, header) => bytes + sizeOfHeader(header), FRAME_BYTES);

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', 'MESSAGE_TOO_LARGE') !== null;
}
