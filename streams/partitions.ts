/**
 * Watches the partitions of a topic while it is consumed. Finds partitions that were added (a
 * running consumer group does not see them by itself), and partitions that are no longer consumed.
 */
import { type Consumer, ListOffsetTimestamps, type MessagesStream } from '@platformatic/kafka';

/** How often partitions are checked, in milliseconds. New ones are consumed within a minute. */
const LOOK_EVERY_MS = 10_000;

/** After so long without a new committed offset a partition is stalled, in milliseconds. */
const STALLED_AFTER_MS = 120_000;

/** One partition at one moment. */
export interface Sight {
  partition: number;
  /** Whether it has records that are not committed. */
  isBehind: boolean;
  /** The committed offset; -1 where there is none. */
  committed: bigint;
  /** How many records are not committed. */
  lag: bigint;
}

export type Progress = ReturnType<typeof createProgress>;

/**
 * Remembers since when each partition stands still. It outlives the consumers of a process.
 * @param stalledAfterMs when a partition that stands still counts as stalled, in milliseconds
 * @param nowMs the time of a clock that never goes back, in milliseconds
 */
export function createProgress(
  stalledAfterMs: number = STALLED_AFTER_MS,
  nowMs: () => number = () => performance.now(),
) {
  let stood = new Map<number, { committed: bigint; sinceMs: number }>();
  let lookedAtMs = nowMs();
  let stalled: number[] = [];
  let lag = 0n;

  const excuse = () => {
    for (const one of stood.values()) one.sinceMs = nowMs();
    stalled = [];
  };

  return {
    /** Takes in how all our partitions are. Returns those that have just become stalled. */
    look(sights: readonly Sight[]): number[] {
      // A gap between two looks, such as a broker outage, does not count as standing still.
      if (nowMs() - lookedAtMs > stalledAfterMs / 2) excuse();
      lookedAtMs = nowMs();
      lag = sights.reduce((sum, sight) => sum + sight.lag, 0n);
      const before = stood;
      stood = new Map();
      for (const { partition, isBehind, committed } of sights) {
        const known = before.get(partition);
        const stands = isBehind && known?.committed === committed;
        stood.set(partition, stands ? known : { committed, sinceMs: lookedAtMs });
      }
      const wasStalled = new Set(stalled);
      stalled = [...stood]
        .filter(([, { sinceMs }]) => lookedAtMs - sinceMs >= stalledAfterMs)
        .map(([partition]) => partition);
      return stalled.filter((partition) => !wasStalled.has(partition));
    },

    /** Starts all times again, as in a database outage: a restart would not help then. */
    excuse,

    /** Forgets the lag of partitions that another process has now. */
    leave(): void {
      lag = 0n;
    },

    /** How many records of our partitions were not committed at the last look. */
    lag: (): number => Number(lag),

    /** Whether no partition is stalled. */
    isMoving: (): boolean => stalled.length === 0,
  };
}

interface Watched {
  topic: string;
  consumer: Consumer;
  progress: Progress;
  /** Whether records of the partition were taken and are not committed. */
  isInHand: (partition: number) => boolean;
  /** Called when the topic has more or fewer partitions than the group knows. */
  onChange: () => void;
  /** Called with a failed check, a stalled partition, and records deleted before they were read. */
  onFailure: (error: unknown) => void;
  /** How often partitions are checked, in milliseconds; ten seconds unless given. */
  lookEveryMs?: number | undefined;
}

type Stream = Pick<MessagesStream<Buffer, Buffer, Buffer, Buffer>, 'offsetsToFetch'>;

/** Begins to watch the partitions. Call it before the consumer joins its group. */
export async function watchPartitions(watched: Watched) {
  const { topic, consumer, progress, onFailure, lookEveryMs = LOOK_EVERY_MS } = watched;
  let stream: Stream | undefined;
  let isOver = false;

  const count = async (forceUpdate = false): Promise<number> => {
    const { topics } = await consumer.metadata({ topics: [topic], forceUpdate });
    return topics.get(topic)?.partitionsCount ?? 0;
  };

  async function look(): Promise<void> {
    if ((await count()) !== known) return watched.onChange();
    const assigned = consumer.assignments?.find((one) => one.topic === topic)?.partitions;
    if (!assigned || assigned.length === 0) return progress.leave();
    if (!stream) return;
    for (const partition of progress.look(await sightsOf(watched, stream, assigned))) {
      onFailure(new Error(`${topic}/${partition} stands still, and has records that are not read`));
    }
  }

  const known = await count(true);
  await reportDeleted(watched, known);
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error) => {
        if (!isOver) onFailure(error);
      })
      .finally(() => {
        looking = undefined;
      });
  }, lookEveryMs);

  return {
    /** Names the stream that the consumer reads. */
    follow(given: Stream) {
      stream = given;
    },
    /** Stops watching. Resolves once a check under way has ended. */
    async end(): Promise<void> {
      isOver = true;
      clearInterval(timer);
      await looking;
    },
  };
}

async function sightsOf(
  { topic, consumer, isInHand }: Watched,
  stream: Stream,
  assigned: number[],
): Promise<Sight[]> {
  const [ends, commits] = await Promise.all([
    consumer.listOffsets({ topics: [topic], partitions: { [topic]: assigned } }),
    consumer.listCommittedOffsets({ topics: [{ topic, partitions: assigned }] }),
  ]);
  return assigned.map((partition) => {
    const fetched = stream.offsetsToFetch.get(`${topic}:${partition}`) ?? 0n;
    const end = ends.get(topic)?.[partition] ?? 0n;
    const committed = commits.get(topic)?.[partition] ?? -1n;
    return {
      partition,
      isBehind: fetched < end || isInHand(partition),
      committed,
      // Without a commit the whole partition is to be read, as far as the brokers still have it.
      lag: end - (committed < 0n ? 0n : committed),
    };
  });
}

/** Reports records that brokers deleted, by age or size, before the group read them. */
async function reportDeleted({ topic, consumer, onFailure }: Watched, count: number) {
  const partitions = Array.from({ length: count }, (_, n) => n);
  const [firsts, commits] = await Promise.all([
    consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.EARLIEST }),
    consumer.listCommittedOffsets({ topics: [{ topic, partitions }] }),
  ]);
  for (const partition of partitions) {
    const committed = commits.get(topic)?.[partition] ?? -1n;
    const gone = (firsts.get(topic)?.[partition] ?? 0n) - committed;
    if (committed < 0n || gone <= 0n) continue;
    const detail = `${gone} records of ${topic}/${partition} were deleted before they were read`;
    onFailure(new Error(detail));
  }
}
