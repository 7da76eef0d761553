/**
 * Consumes one topic until it is stopped. Each batch is handled, its refused records go to the dead
 * letter topic, and only then is its offset committed. A process that dies in between leaves the
 * batch to the next one, so a handler may see a record twice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka';
import { deadLetter, sendLetters } from './dead-letters.ts';
import { clientOptions, type Outlet } from './kafka.ts';
import { createOrderedBatches } from './ordered-batches.ts';
import { type Progress, watchPartitions } from './partitions.ts';
import { batchesOf, type IncomingRecord, positionsAfter, type RefusedRecord } from './records.ts';
import { persist } from './retry.ts';
import { createWatchdog } from './watchdog.ts';

/** Handles a batch. Returns the records that it refuses, each with its reason. */
type Handle = (records: IncomingRecord[]) => Promise<RefusedRecord[]>;

/** What to consume, and what to do with it. */
export interface Intake {
  brokers: string[];
  topic: string;
  /** Where refused records go. */
  deadTopic: string;
  groupId: string;
  /** How many records are handled in one batch at most. */
  batchSize: number;
  /** How many batches are handled at once; 1 where the order of records matters. */
  sideBySide: number;
  handle: Handle;
  outlet: Outlet;
  /** Receives how each partition moves. */
  progress: Progress;
  /** How often partitions are checked, in milliseconds; ten seconds unless given. */
  lookEveryMs?: number | undefined;
  /** Called with the numbers of each batch, once its refused records are in the dead letter topic. */
  onTaken: (handled: number, refused: number) => void;
  /** Stops consuming. */
  signal: AbortSignal;
  /** Whether a failure of `handle` is not the records' fault, such as a database outage. */
  isPassing: (error: unknown) => boolean;
  /** Called with each failure that is retried. */
  onFailure: (error: unknown) => void;
}

/**
 * Times of the consumer group, in milliseconds. Another member takes over the partitions of a dead
 * one after ten seconds. One of three heartbeats may be lost.
 */
const GROUP = { sessionTimeout: 10_000, rebalanceTimeout: 15_000, heartbeatInterval: 3_000 };

/** How long a broker may delay an answer while it has no records, in milliseconds. */
const MAX_WAIT_MS = 500;

/** The pause before a broken connection is opened again, in milliseconds. */
const PAUSE_MS = 1_000;

/** A record handled alone is refused once it failed so often. */
const MOST_ATTEMPTS_ALONE = 5;

/** Consumes until the signal stops it. While no broker answers, it retries. */
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
  const { brokers, topic, groupId, progress, onFailure, lookEveryMs } = intake;
  const consumer = new Consumer({
    ...clientOptions(brokers),
    ...GROUP,
    groupId,
    autocommit: false,
    maxWaitTime: MAX_WAIT_MS,
    retries: 1,
  });
  const broken = new AbortController();
  let failure: unknown;
  const restart = () => broken.abort();
  const fail = (error: unknown) => {
    failure = error;
    broken.abort();
  };
  consumer.on('error', fail);
  consumer.on('consumer:heartbeat:stalled', restart);
  const batches = createOrderedBatches(
    intake.sideBySide,
    (batch) => takeBatch(intake, batch),
    (batch) => consumer.commit({ offsets: positionsAfter(batch) }),
    fail,
  );
  const watchdog = createWatchdog(consumer, restart);
  let partitions: Awaited<ReturnType<typeof watchPartitions>> | undefined;
  try {
    partitions = await watchPartitions({
      ...{ topic, consumer, progress, onFailure, lookEveryMs },
      isInHand: batches.isInHand,
      // The next consumer joins the group again, and then sees the new partitions.
      onChange: restart,
    });
    // Reads on from the committed offsets; without one, from the topic's first record.
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
    stream.on('fetch', watchdog.seen);
    partitions.follow(stream);
    const either = AbortSignal.any([intake.signal, broken.signal]);
    for await (const batch of batchesOf(stream, intake.batchSize, either)) {
      await watchdog.during(() => batches.take(batch));
    }
    await batches.end();
    if (failure !== undefined) throw failure;
  } finally {
    watchdog.end();
    await partitions?.end();
    await batches.end().catch(() => {});
    await consumer.close(true).catch(onFailure);
  }
}

/**
 * Handles the batch and sends its refused records to the dead letter topic. Retries both until they
 * succeed.
 * @throws AbortError once `intake.signal` is aborted
 */
export async function takeBatch(intake: Intake, batch: IncomingRecord[]): Promise<void> {
  const { deadTopic, outlet, signal, onFailure } = intake;
  const refused = await handled(intake, batch);
  if (refused.length > 0) {
    const letters = refused.map((one) => deadLetter(deadTopic, one));
    await persist(() => sendLetters(outlet, letters), {
      signal,
      onFailure: (error) => {
        intake.progress.excuse();
        onFailure(error);
      },
    });
  }
  intake.onTaken(batch.length - refused.length, refused.length);
}

/**
 * Handles the batch until it succeeds. A batch that fails for its records' fault is handled again
 * record by record. A record that still fails is refused.
 */
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
