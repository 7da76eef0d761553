import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '@platformatic/kafka';
import { type Intake, takeBatch } from './consumer.ts';
import type { OutgoingRecord } from './kafka.ts';
import { createProgress } from './partitions.ts';
import { type IncomingRecord, positionsAfter } from './records.ts';

const record = (offset: number, value: string, partition = 0): IncomingRecord => ({
  topic: 'game.activity',
  partition,
  offset: BigInt(offset),
  leaderEpoch: 0,
  key: Buffer.from('usr_1'),
  value: Buffer.from(value),
});

/** What a batch needs, what was written to Kafka, and the failures. */
function intake(given: Partial<Intake>) {
  const written: OutgoingRecord[] = [];
  const failures: unknown[] = [];
  const whole: Intake = {
    brokers: [],
    topic: 'game.activity',
    deadTopic: 'game.activity.dead',
    groupId: 'test',
    batchSize: 10,
    sideBySide: 1,
    handle: async () => [],
    outlet: {
      send: async (records) => void written.push(...records),
      close: async () => {},
    },
    progress: createProgress(),
    onTaken: () => {},
    signal: new AbortController().signal,
    isPassing: () => false,
    onFailure: (error) => failures.push(error),
    ...given,
  };
  return { intake: whole, written, failures };
}

const textOf = ({ value, headers }: OutgoingRecord) => ({
  value: value.toString(),
  headers: Object.fromEntries([...(headers ?? [])].map(([k, v]) => [String(k), String(v)])),
});

describe('a batch', () => {
  it('puts aside what cannot be taken, as it came, with the reason and its place', async () => {
    const bad = record(7, 'bad', 3);
    const t = intake({ handle: async () => [{ record: bad, reason: 'It is bad' }] });
    await takeBatch(t.intake, [record(6, 'good', 3), bad]);
    assert.deepEqual(t.written.map(textOf), [
      {
        value: 'bad',
        headers: { reason: 'It is bad', topic: 'game.activity', partition: '3', offset: '7' },
      },
    ]);
    assert.equal(t.written[0]?.topic, 'game.activity.dead');
    assert.equal(t.written[0]?.key?.toString(), 'usr_1');
  });

  it('is counted once what it refuses was put aside: so many handled, so many refused', async () => {
    const bad = record(7, 'bad', 3);
    const taken: number[][] = [];
    let isUp = false;
    const t = intake({
      handle: async () => [{ record: bad, reason: 'It is bad' }],
      outlet: {
        async send() {
          if (isUp) return;
          isUp = true;
          assert.deepEqual(taken, []);
          throw new Error('no broker');
        },
        close: async () => {},
      },
      onTaken: (...numbers) => void taken.push(numbers),
    });
    await takeBatch(t.intake, [record(5, 'good', 3), record(6, 'good', 3), bad]);
    await takeBatch({ ...t.intake, handle: async () => [] }, [record(8, 'good', 3)]);
    assert.deepEqual(taken, [
      [2, 1],
      [1, 0],
    ]);
  });

  it('puts aside the headers that came with it, and ours in the place of those of the same name', async () => {
    const headers = new Map(
      [
        ['sender', 'usr_9'],
        ['reason', 'of theirs'],
        ['trace', 'a'],
        ['trace', 'b'],
      ].map(([name, text]) => [Buffer.from(name as string), Buffer.from(text as string)]),
    );
    // A header in Kafka may have no value, whatever the library's types say.
    headers.set(Buffer.from('none'), null as never);
    const bad = { ...record(7, 'bad', 3), headers };
    const t = intake({ handle: async () => [{ record: bad, reason: 'It is bad' }] });
    await takeBatch(t.intake, [bad]);
    assert.deepEqual(
      [...(t.written[0]?.headers ?? [])].map((pair) => pair.map(String)),
      [
        ['reason', 'It is bad'],
        ['topic', 'game.activity'],
        ['partition', '3'],
        ['offset', '7'],
        ['sender', 'usr_9'],
        ['trace', 'a'],
        ['trace', 'b'],
        ['none', ''],
      ],
    );
  });

  it('is tried again as a whole while the database is away', async () => {
    const tries: number[] = [];
    let excuses = 0;
    const t = intake({
      isPassing: () => true,
      progress: {
        ...createProgress(),
        excuse() {
          excuses += 1;
        },
      },
      handle: async (records) => {
        tries.push(records.length);
        if (tries.length < 3) throw new Error('away');
        return [];
      },
    });
    await takeBatch(t.intake, [record(1, 'a'), record(2, 'b')]);
    assert.deepEqual(tries, [2, 2, 2]);
    assert.equal(excuses, 2, 'no partition stands still for that');
    assert.deepEqual(t.written, []);
  });

  it('is not stopped by a record that makes it fail for no reason that is known', async () => {
    const taken: string[] = [];
    const t = intake({
      handle: async (records) => {
        const values = records.map(({ value }) => String(value));
        if (values.includes('poison')) throw new TypeError('our own mistake');
        taken.push(...values);
        return [];
      },
    });
    await takeBatch(t.intake, [record(1, 'a'), record(2, 'poison'), record(3, 'b')]);
    assert.deepEqual(taken, ['a', 'b']);
    assert.deepEqual(
      t.written.map((one) => textOf(one).value),
      ['poison'],
    );
    assert.ok(t.failures.length > 1, 'it was tried more than once');
  });

  it('is put aside in parts where it is more than a broker takes at once, and cut where one is', async () => {
    const tooLarge = new ProtocolError('MESSAGE_TOO_LARGE');
    const sizeOf = ({ value, headers }: OutgoingRecord) =>
      [value, ...[...(headers ?? [])].flat()].reduce((sum, { length }) => sum + length, 0);
    const written: OutgoingRecord[] = [];
    const t = intake({
      handle: async (records) => records.map((one) => ({ record: one, reason: 'It is bad' })),
      outlet: {
        async send(records) {
          if (records.reduce((sum, one) => sum + sizeOf(one), 0) > 1_000_000) throw tooLarge;
          written.push(...records);
        },
        close: async () => {},
      },
    });
    const long = (length: number) => new Map([[Buffer.from('long'), Buffer.alloc(length, 'z')]]);
    const sender = [Buffer.from('sender'), Buffer.from('usr_9')] as const;
    const many = Array.from({ length: 500 }, (_, n) => record(n, 'x'.repeat(4_000)));
    // Nothing in a record may stop the topic, in whichever part of it the bytes are.
    const heavy = many.map((one) => ({ ...one, value: null, headers: long(4_000) }));
    const heaviest = { ...record(1_001, 'z'), headers: new Map([...long(999_980), sender]) };
    await takeBatch(t.intake, [record(1_000, 'y'.repeat(999_999)), ...many, ...heavy, heaviest]);
    assert.equal(written.length, 1_002);
    const last = written.map(textOf).at(-1);
    assert.deepEqual(
      [last?.headers.long?.length, last?.headers.sender, last?.headers.reason],
      [undefined, 'usr_9', 'It is bad'],
    );
    const [first] = written.map(textOf);
    assert.equal(first?.value, 'y'.repeat(64 * 1_024));
    assert.equal(first?.headers.cutFromBytes, '999999');
    assert.deepEqual(t.failures, []);
  });

  it('waits for a broker that takes no dead letters', async () => {
    let tries = 0;
    const bad = record(1, 'bad');
    const t = intake({
      handle: async () => [{ record: bad, reason: 'It is bad' }],
      outlet: {
        send: async () => {
          tries += 1;
          if (tries < 3) throw new Error('away');
        },
        close: async () => {},
      },
    });
    await takeBatch(t.intake, [bad]);
    assert.equal(tries, 3);
  });

  it('ends in the middle of its tries when the process does', async () => {
    const stopping = new AbortController();
    const t = intake({
      signal: stopping.signal,
      isPassing: () => true,
      handle: async () => {
        stopping.abort();
        throw new Error('away');
      },
    });
    await assert.rejects(takeBatch(t.intake, [record(1, 'a')]), /away/);
  });
});

describe('the place of a group', () => {
  it('is behind the last record of each partition', () => {
    const batch = [record(4, 'a', 0), record(9, 'b', 1), record(5, 'c', 0)];
    assert.deepEqual(
      positionsAfter(batch).map(({ partition, offset }) => [partition, offset]),
      [
        [0, 6n],
        [1, 10n],
      ],
    );
  });
});
