/** Records that cannot be taken, put aside with the reason, for a person to look at. */
import { findErrorBy } from '@platformatic/kafka';
import type { OutgoingRecord, Outlet } from './kafka.ts';
import type { RefusedRecord } from './records.ts';

/** A broker takes a mebibyte at once unless it is told otherwise; keys and headers need some of it. */
const MOST_BYTES_AT_ONCE = 512 * 1_024;

/** What stays of a value that no broker takes a second time, as its headers make it longer. */
const CUT_BYTES = 64 * 1_024;

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
    const cut = Buffer.from('cutFromBytes');
    const length = Buffer.from(String(value.length));
    await outlet.send([
      {
        topic: letter.topic,
        ...(key && { key: key.subarray(0, CUT_BYTES) }),
        value: value.subarray(0, CUT_BYTES),
        headers: new Map([...headers, [cut, length]]),
      },
    ]);
  }
}

function bundles(letters: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const all: OutgoingRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    const more = letter.value.length + (letter.key?.length ?? 0) + HEADERS_BYTES;
    if (bytes + more > MOST_BYTES_AT_ONCE) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(letter);
    bytes += more;
  }
  return all;
}

/** More than a reason, a topic's name and two numbers take. */
const HEADERS_BYTES = 1_024;

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', 'MESSAGE_TOO_LARGE') !== null;
}
