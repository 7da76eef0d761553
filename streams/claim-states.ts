/**
 * The topic `claim.state`: one record for each change of a claim, keyed by the claim, in order, at
 * least once. The position in the change stream is kept after each write, so the next publisher
 * goes on from there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimFeed, FeedLease } from '../store/claims/claim-feed.ts';
import type { ClaimChange } from '../store/claims/claim-feed-reader.ts';
import type { OutgoingRecord, Outlet } from './kafka.ts';
import { persist } from './retry.ts';

/** What publishing needs. */
export interface Publishing {
  feed: ClaimFeed;
  outlet: Outlet;
  topic: string;
  /** Stops publishing. */
  signal: AbortSignal;
  /** Called with each failure that is retried. */
  onFailure: (error: unknown) => void;
  /** How often the lease is renewed, in milliseconds; ten seconds unless given. */
  keepEveryMs?: number;
  /** Called once it is sure that every later change is published, by this process or another. */
  onBegun: () => void;
}

/** How often the lease is renewed during a wait, in milliseconds: a third of its time. */
const KEEP_EVERY_MS = 10_000;

/** How often a process without the lease tries to take it, in milliseconds. */
const ASK_AGAIN_MS = 3_000;

/** Publishes changes whenever this process holds the lease, until the signal stops it. */
export async function publishClaimStates(publishing: Publishing): Promise<void> {
  const { feed, signal, onFailure } = publishing;
  let isBegun = false;
  while (!signal.aborted) {
    try {
      const lease = await feed.takeLease();
      if (!isBegun) publishing.onBegun();
      isBegun = true;
      if (lease) await publishUnderLease(publishing, lease);
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

/** Publishes until another process takes the lease, or something fails. */
async function publishUnderLease(publishing: Publishing, lease: FeedLease): Promise<void> {
  const { outlet, topic, signal, onFailure, keepEveryMs = KEEP_EVERY_MS } = publishing;
  // A read that skips many changes of other collections takes longer than the lease lasts.
  const keeping = setInterval(() => void lease.keep().catch(onFailure), keepEveryMs);
  try {
    while (!signal.aborted) {
      const { changes, place } = await lease.next();
      const records = changes.map((change) => toRecord(topic, change));
      await persist(
        async () => {
          await lease.keep();
          await outlet.send(records);
        },
        { signal, onFailure, isPassing: () => lease.isOurs() },
      );
      await lease.remember(place);
    }
  } finally {
    clearInterval(keeping);
    await lease.end();
  }
}

const toRecord = (topic: string, { claimId, ...change }: ClaimChange): OutgoingRecord => ({
  topic,
  key: Buffer.from(claimId),
  value: Buffer.from(JSON.stringify({ claimId, ...change })),
});
