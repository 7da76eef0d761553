/** All streams of one process, until it is told to stop. */
import { MAX_ACTIVITY_EVENTS } from '../domain/activity.ts';
import type { ClaimFeed } from '../store/claim-feed.ts';
import type { Store } from '../store/index.ts';
import { takeActivity } from './activity.ts';
import { publishClaimStates } from './claim-states.ts';
import { consume } from './consumer.ts';
import { createOutlet } from './kafka.ts';
import { persist } from './persist.ts';
import { makeTopics, TOPICS } from './topics.ts';
import { takeUserStatus, type UserStatusDeps } from './user-status.ts';

export interface StreamsDeps extends Pick<UserStatusDeps, 'onUserLeft' | 'now'> {
  brokers: string[];
  store: Pick<Store, 'progress' | 'users'>;
  feed: ClaimFeed;
  /** Whether a failure says nothing of the records, as where the database is away. */
  isPassing: (error: unknown) => boolean;
  /** Told of everything that is tried again. */
  onFailure: (error: unknown) => void;
  /** Told once the topics are there, and no change of a claim will be missed. */
  onReady?: () => void;
  /** Stops everything. */
  signal: AbortSignal;
}

/** The database takes some batches at once faster than one after the other; counting has no order. */
const ACTIVITY_BATCHES = 4;

/** Each record takes a transaction, so a batch of more would only take longer to be committed. */
const STATUS_BATCH = 50;

/** Resolves when the signal has stopped everything. */
export async function runStreams(deps: StreamsDeps): Promise<void> {
  const { brokers, store, feed, signal, onFailure, now } = deps;
  const outlet = createOutlet(brokers);
  const common = { brokers, outlet, signal, onFailure, isPassing: deps.isPassing };
  const statusDeps = {
    users: store.users,
    onUserLeft: deps.onUserLeft,
    onNotTold: onFailure,
    now,
  };
  try {
    await persist(() => makeTopics(brokers), { signal, onFailure });
    const running = [
      consume({
        ...common,
        topic: TOPICS.activity,
        deadTopic: TOPICS.activityDead,
        groupId: 'laurel-activity',
        batchSize: MAX_ACTIVITY_EVENTS,
        sideBySide: ACTIVITY_BATCHES,
        handle: (records) => takeActivity(store.progress, records, now()),
      }),
      consume({
        ...common,
        topic: TOPICS.userStatus,
        deadTopic: TOPICS.userStatusDead,
        groupId: 'laurel-user-status',
        batchSize: STATUS_BATCH,
        sideBySide: 1,
        handle: (records) => takeUserStatus(statusDeps, records),
      }),
      publishClaimStates({ feed, outlet, signal, onFailure, onBegun: () => deps.onReady?.() }),
    ];
    await Promise.all(running);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await outlet.close().catch(onFailure);
  }
}
