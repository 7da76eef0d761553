/**
 * Follows the partitions of a topic while it is consumed: whether some were added, which a group
 * that has met does not see by itself, and whether each that is ours is read on.
 */
import { type Consumer, ListOffsetTimestamps, type MessagesStream } from '@platformatic/kafka';

/** How often it is looked, in milliseconds: what is added is read within a minute. */
const LOOK_EVERY_MS = 10_000;

/** A partition with records of which none was committed for so long stands still, in milliseconds. */
const STALLED_AFTER_MS = 120_000;

/** One partition at one moment. */
export interface Sight {
  partition: number;
  /** Whether it has records that are not committed. */
  isBehind: boolean;
  /** The offset that is committed. */
  committed: bigint;
}

export type Progress = ReturnType<typeof createProgress>;

/**
 * Remembers since when each partition stands still, over all consumers that come and go.
 * @param nowMs of a clock that never goes back, in milliseconds
 */
export function createProgress(
  stalledAfterMs: number = STALLED_AFTER_MS,
  nowMs: () => number = () => performance.now(),
) {
  let stood = new Map<number, { committed: bigint; sinceMs: number }>();
  let lookedAtMs = nowMs();
  let stalled: number[] = [];

  const excuse = () => {
    for (const one of stood.values()) one.sinceMs = nowMs();
    stalled = [];
  };

  return {
    /** Takes in how all partitions of ours are. Answers those that have begun to stand still. */
    look(sights: readonly Sight[]): number[] {
      // For a while nothing was known, as where no broker answered: that is no standing still.
      if (nowMs() - lookedAtMs > stalledAfterMs / 2) excuse();
      lookedAtMs = nowMs();
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

    /** Says that what is waited for is known to be away, such as the database: a restart is no help. */
    excuse,

    isMoving: (): boolean => stalled.length === 0,
  };
}

interface Watched {
  topic: string;
  consumer: Consumer;
  progress: Progress;
  /** Of the partition, records that were taken and are not committed. */
  inHand: (partition: number) => number;
  /** Told when there are more or fewer partitions than the group met for. */
  onChange: () => void;
  /** Told of a look that failed, of partitions that stand still, and of records that are gone. */
  onFailure: (error: unknown) => void;
  lookEveryMs?: number | undefined;
}

/** Begins to follow them; to be called before the consumer joins its group. */
export async function watchPartitions(watched: Watched) {
  const { topic, consumer, progress, onFailure, lookEveryMs = LOOK_EVERY_MS } = watched;
  let stream: Pick<MessagesStream<Buffer, Buffer, Buffer, Buffer>, 'offsetsToFetch'> | undefined;
  let isOver = false;

  const count = async (forceUpdate = false): Promise<number> => {
    const { topics } = await consumer.metadata({ topics: [topic], forceUpdate });
    return topics.get(topic)?.partitionsCount ?? 0;
  };

  async function look(): Promise<void> {
    if ((await count()) !== met) return watched.onChange();
    const assigned = consumer.assignments?.find((one) => one.topic === topic)?.partitions;
    if (!assigned || assigned.length === 0 || !stream) return;
    const [ends, places] = await Promise.all([
      consumer.listOffsets({ topics: [topic], partitions: { [topic]: assigned } }),
      consumer.listCommittedOffsets({ topics: [{ topic, partitions: assigned }] }),
    ]);
    const sights = assigned.map((partition) => {
      const fetched = stream?.offsetsToFetch.get(`${topic}:${partition}`) ?? 0n;
      const isRead = fetched >= (ends.get(topic)?.[partition] ?? 0n);
      return {
        partition,
        isBehind: !isRead || watched.inHand(partition) > 0,
        committed: places.get(topic)?.[partition] ?? -1n,
      };
    });
    for (const partition of progress.look(sights)) {
      onFailure(new Error(`${topic}/${partition} stands still, and has records that are not read`));
    }
  }

  /** What brokers deleted by age or size before the group had read it: the client goes on behind it. */
  async function tellDeleted(): Promise<void> {
    const partitions = Array.from({ length: met }, (_, n) => n);
    const [firsts, places] = await Promise.all([
      consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.EARLIEST }),
      consumer.listCommittedOffsets({ topics: [{ topic, partitions }] }),
    ]);
    for (const partition of partitions) {
      const committed = places.get(topic)?.[partition] ?? -1n;
      const gone = (firsts.get(topic)?.[partition] ?? 0n) - committed;
      if (committed < 0n || gone <= 0n) continue;
      const detail = `${gone} records of ${topic}/${partition} were deleted before they were read`;
      onFailure(new Error(detail));
    }
  }

  const met = await count(true);
  await tellDeleted();
  let looking: Promise<void> = Promise.resolve();
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    looking = look()
      .catch((error) => {
        if (!isOver) onFailure(error);
      })
      .finally(() => {
        isLooking = false;
      });
  }, lookEveryMs);

  return {
    /** The stream that the consumer gave. */
    follow(given: NonNullable<typeof stream>) {
      stream = given;
    },
    async end(): Promise<void> {
      isOver = true;
      clearInterval(timer);
      await looking;
    },
  };
}
