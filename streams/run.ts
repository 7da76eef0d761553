/** Runs all streams of one process. */
import { Registry } from 'prom-client';
import { MAX_PLAYER_EVENTS } from '../domain/conditions/player-event.ts';
import type { ClaimFeed } from '../store/claims/claim-feed.ts';
import type { Store } from '../store/index.ts';
import { publishClaimStates } from './claim-states.ts';
import { consume } from './consumer.ts';
import { createOutlet } from './kafka.ts';
import { observeStreams } from './metrics.ts';
import { createProgress } from './partitions.ts';
import { takePlayerEvents } from './player-events.ts';
import { persist } from './retry.ts';
import { makeTopics, namesUnder } from './topics.ts';
import { takeUserStatus, type UserStatusDeps } from './user-status.ts';

interface StreamsDeps extends Pick<UserStatusDeps, 'onUserLeft' | 'now'> {
  brokers: string[];
  /** The prefix of all topic and group names; empty unless given. */
  prefix?: string;
  store: Pick<Store, 'progress' | 'users'>;
  feed: ClaimFeed;
  /** Whether a failure is not the records' fault, such as a database outage. */
  isPassing: (error: unknown) => boolean;
  /** Called with each failure that is retried. */
  onFailure: (error: unknown) => void;
  /**
   * Called once the topics exist and no later change of a claim can be missed. `isMoving` says
   * whether no partition is stalled.
   */
  onReady?: (isMoving: () => boolean) => void;
  /** How often partitions are checked, in milliseconds; ten seconds unless given. */
  lookEveryMs?: number;
  /** Gets the metrics; they are not shown unless given. */
  metrics?: Registry;
  /** Stops everything. */
  signal: AbortSignal;
}

/**
 * Batches of player events handled at once. The database takes some in parallel faster, and
 * counting needs no order.
 */
const PLAYER_EVENT_BATCHES = 4;

/** Records of one batch. Each takes a transaction, so a larger batch is committed later. */
const STATUS_BATCH = 50;

/** Runs until the signal has stopped everything. @throws where a stream ends by an error */
export async function runStreams(deps: StreamsDeps): Promise<void> {
  const { brokers, prefix = '', store, signal, onFailure, now } = deps;
  const names = namesUnder(prefix);
  const [playerEventProgress, statusProgress] = [createProgress(), createProgress()];
  const isMoving = () => playerEventProgress.isMoving() && statusProgress.isMoving();
  const observed = observeStreams(deps.metrics ?? new Registry(), now);
  const feed = observed.watchFeed(deps.feed);
  const outlet = createOutlet(brokers);
  const { isPassing, lookEveryMs } = deps;
  const common = { brokers, outlet, signal, onFailure, isPassing, lookEveryMs };
  const statusDeps = { ...deps, users: store.users };
  try {
    await persist(() => makeTopics(brokers, prefix), { signal, onFailure });
    const running = [
      consume({
        ...common,
        ...names.playerEvents,
        progress: playerEventProgress,
        onTaken: observed.watchTopic(names.playerEvents.topic, playerEventProgress),
        batchSize: MAX_PLAYER_EVENTS,
        sideBySide: PLAYER_EVENT_BATCHES,
        handle: (records) => takePlayerEvents(store.progress, records, now()),
      }),
      consume({
        ...common,
        ...names.userStatus,
        progress: statusProgress,
        onTaken: observed.watchTopic(names.userStatus.topic, statusProgress),
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
