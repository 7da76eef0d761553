/** All streams of one process, until it is told to stop. */
import { MAX_ACTIVITY_EVENTS } from '../domain/conditions/player-event.ts';
import type { ClaimFeed } from '../store/claims/claim-feed.ts';
import type { Store } from '../store/index.ts';
import { publishClaimStates } from './claim-states.ts';
import { consume } from './consumer.ts';
import { createOutlet } from './kafka.ts';
import { createProgress } from './partitions.ts';
import { takeActivity } from './player-events.ts';
import { persist } from './retry.ts';
import { makeTopics, namesUnder } from './topics.ts';
import { takeUserStatus, type UserStatusDeps } from './user-status.ts';

interface StreamsDeps extends Pick<UserStatusDeps, 'onUserLeft' | 'now'> {
  brokers: string[];
  /** What the names of topics and groups begin with; nothing unless given. */
  prefix?: string;
  store: Pick<Store, 'progress' | 'users'>;
  feed: ClaimFeed;
  /** Whether a failure says nothing of the records, as where the database is away. */
  isPassing: (error: unknown) => boolean;
  /** Told of everything that is tried again. */
  onFailure: (error: unknown) => void;
  /**
   * Told once the topics are there, and no change of a claim will be missed. Given: whether each
   * partition that has records is read on.
   */
  onReady?: (isMoving: () => boolean) => void;
  /** How often partitions are looked at, in milliseconds; ten seconds unless given. */
  lookEveryMs?: number;
  /** Stops everything. */
  signal: AbortSignal;
}

/** The database takes some batches at once faster than one after the other; counting has no order. */
const ACTIVITY_BATCHES = 4;

/** Each record takes a transaction, so a batch of more would only take longer to be committed. */
const STATUS_BATCH = 50;

/** Resolves when the signal has stopped everything. */
export async function runStreams(deps: StreamsDeps): Promise<void> {
  const { brokers, prefix = '', store, feed, signal, onFailure, now } = deps;
  const names = namesUnder(prefix);
  const [activityProgress, statusProgress] = [createProgress(), createProgress()];
  const isMoving = () => activityProgress.isMoving() && statusProgress.isMoving();
  const outlet = createOutlet(brokers);
  const { isPassing, lookEveryMs } = deps;
  const common = { brokers, outlet, signal, onFailure, isPassing, lookEveryMs };
  const statusDeps = {
    users: store.users,
    onUserLeft: deps.onUserLeft,
    onNotTold: onFailure,
    now,
  };
  try {
    await persist(() => makeTopics(brokers, prefix), { signal, onFailure });
    const running = [
      consume({
        ...common,
        topic: names.activity,
        deadTopic: names.activityDead,
        groupId: names.activityGroup,
        progress: activityProgress,
        batchSize: MAX_ACTIVITY_EVENTS,
        sideBySide: ACTIVITY_BATCHES,
        handle: (records) => takeActivity(store.progress, records, now()),
      }),
      consume({
        ...common,
        topic: names.userStatus,
        deadTopic: names.userStatusDead,
        groupId: names.userStatusGroup,
        progress: statusProgress,
        batchSize: STATUS_BATCH,
        sideBySide: 1,
        handle: (records) => takeUserStatus(statusDeps, records),
      }),
      publishClaimStates({
        ...{ feed, outlet, signal, onFailure },
        topic: names.claimState,
        onBegun: () => deps.onReady?.(isMoving),
      }),
    ];
    await Promise.all(running);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await outlet.close().catch(onFailure);
  }
}
