/**
 * One topic, consumed for good. Each batch is handled, what it held that cannot be taken is put
 * aside, and only then is its place committed: a process that dies in between leaves the batch to
 * whoever comes after it. So a handler must bear to see a record twice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka';
import { deadLetter, sendLetters } from './dead-letters.ts';
import { clientOptions, type Outlet } from './kafka.ts';
import { createLine } from './ordered-batches.ts';
import { type Progress, watchPartitions } from './partitions.ts';
import { batchesOf, type IncomingRecord, positionsAfter, type RefusedRecord } from './records.ts';
import { persist } from './retry.ts';
import { createWatchdog } from './watchdog.ts';

/** Takes what can be taken of a batch and answers the rest. */
type Handle = (records: IncomingRecord[]) => Promise<RefusedRecord[]>;

export interface Intake {
  brokers: string[];
  topic: string;
  deadTopic: string;
  groupId: string;
  /** The most records handled together. */
  batchSize: number;
  /** How many batches are handled side by side; 1 where the records' order matters. */
  sideBySide: number;
  handle: Handle;
  outlet: Outlet;
  /** Told how each partition gets on. */
  progress: Progress;
  /** How often partitions are looked at, in milliseconds; ten seconds unless given. */
  lookEveryMs?: number | undefined;
  /** Ends it. */
  signal: AbortSignal;
  /** Whether a failure of `handle` says nothing of the records, as where the database is away. */
  isPassing: (error: unknown) => boolean;
  /** Told of everything that is tried again. */
  onFailure: (error: unknown) => void;
}

/** A dead member's partitions go to others after ten seconds; one heartbeat in three may be lost. */
const GROUP = { sessionTimeout: 10_000, rebalanceTimeout: 15_000, heartbeatInterval: 3_000 };

/** How long a broker may hold back an answer for want of records, in milliseconds. */
const MAX_WAIT_MS = 500;

/** Before a broken connection is made anew, in milliseconds. */
const PAUSE_MS = 1_000;

/** So many failures of one record alone, and it is poison. */
const MOST_ATTEMPTS_ALONE = 5;

/** Consumes until the signal ends it; a broker that is away is waited for. */
export async function consume(intake: Intake): Promise<void> {
  const { signal, onFailure } = intake;
  while (!signal.aborted) {
    await consumeUntilBroken(intake).catch((error) => {
      if (!signal.aborted) onFailure(error);
    });
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
}

async function consumeUntilBroken(intake: Intake): Promise<void> {
  const { brokers, topic, groupId, batchSize, signal } = intake;
  const consumer = new Consumer({
    ...clientOptions(brokers),
    ...GROUP,
    groupId,
    autocommit: false,
    maxWaitTime: MAX_WAIT_MS,
    retries: 1,
  });
  let failure: Error | undefined;
  const broken = new AbortController();
  consumer.on('error', (error: Error) => {
    failure = error;
    broken.abort();
  });
  consumer.on('consumer:heartbeat:stalled', () => broken.abort());
  const handleBatch = (batch: IncomingRecord[]) => takeBatch(intake, batch);
  const line = createLine(intake.sideBySide, handleBatch, (error) => {
    failure = error as Error;
    broken.abort();
  });
  const watchdog = createWatchdog(consumer, () => broken.abort());
  const inHand = new Map<number, number>();
  const count = (batch: IncomingRecord[], by: 1 | -1) => {
    for (const { partition } of batch) inHand.set(partition, (inHand.get(partition) ?? 0) + by);
  };
  let partitions: Awaited<ReturnType<typeof watchPartitions>> | undefined;
  try {
    partitions = await watchPartitions({
      topic,
      consumer,
      progress: intake.progress,
      inHand: (partition) => inHand.get(partition) ?? 0,
      // The group meets anew when this consumer comes back.
      onChange: () => broken.abort(),
      onFailure: intake.onFailure,
      lookEveryMs: intake.lookEveryMs,
    });
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
    stream.on('fetch', watchdog.seen);
    partitions.follow(stream);
    const either = AbortSignal.any([signal, broken.signal]);
    const commit = async (batch: IncomingRecord[]) => {
      await consumer.commit({ offsets: positionsAfter(batch) });
      count(batch, -1);
    };
    for await (const batch of batchesOf(stream, batchSize, either)) {
      count(batch, 1);
      await watchdog.during(() => line.take(batch, commit));
    }
    await line.end();
    if (failure) throw failure;
  } finally {
    watchdog.end();
    await partitions?.end();
    await line.end().catch(() => {});
    await consumer.close(true).catch(intake.onFailure);
  }
}

/** Handles the batch and puts aside what it refuses, for as long as both take. */
export async function takeBatch(intake: Intake, batch: IncomingRecord[]): Promise<void> {
  const { deadTopic, outlet, signal, onFailure } = intake;
  const refused = await handled(intake, batch);
  if (refused.length === 0) return;
  const letters = refused.map((one) => deadLetter(deadTopic, one));
  await persist(() => sendLetters(outlet, letters), {
    signal,
    onFailure: (error) => {
      intake.progress.excuse();
      onFailure(error);
    },
  });
}

/** Until the batch is taken. A record that makes it fail time and again is found, and refused. */
async function handled(intake: Intake, batch: IncomingRecord[]): Promise<RefusedRecord[]> {
  const { handle, signal, onFailure } = intake;
  const isAlone = batch.length === 1;
  const isPassing = (error: unknown, attempt: number) =>
    intake.isPassing(error) || (isAlone && attempt < MOST_ATTEMPTS_ALONE);
  const onRetry = (error: unknown) => {
    if (intake.isPassing(error)) intake.progress.excuse();
    onFailure(error);
  };
  try {
    return await persist(() => handle(batch), { signal, onFailure: onRetry, isPassing });
  } catch (error) {
    if (signal.aborted) throw error;
    onFailure(error);
    const [record] = batch;
    if (isAlone && record) return [{ record, reason: 'It cannot be taken. The log says why.' }];
  }
  const refused: RefusedRecord[] = [];
  for (const record of batch) refused.push(...(await handled(intake, [record])));
  return refused;
}
