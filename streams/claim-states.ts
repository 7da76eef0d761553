/**
 * `claim.state`: one record for each change of a claim, keyed by the claim, in order, each at least
 * once. What is written is remembered with the place in the change stream it came from, so whoever
 * publishes next goes on from there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimChange, ClaimFeed } from '../store/claims/claim-feed.ts';
import type { OutgoingRecord, Outlet } from './kafka.ts';
import { persist } from './retry.ts';

interface Publishing {
  feed: ClaimFeed;
  outlet: Outlet;
  topic: string;
  /** Ends it. */
  signal: AbortSignal;
  /** Told of everything that is tried again. */
  onFailure: (error: unknown) => void;
  /** Ten seconds unless given. */
  keepEveryMs?: number;
  /** Told once every change from now on will be published, by this process or another. */
  onBegun: () => void;
}

/** How often the turn is made to last while the next changes are looked for, in milliseconds. */
const KEEP_EVERY_MS = 10_000;

/** How often a process that does not publish asks whether it should, in milliseconds. */
const ASK_AGAIN_MS = 3_000;

/** Publishes until the signal ends it, whenever it is this process's turn. */
export async function publishClaimStates(publishing: Publishing): Promise<void> {
  const { feed, signal, onFailure } = publishing;
  let isBegun = false;
  while (!signal.aborted) {
    try {
      const turn = await feed.takeTurn();
      if (!isBegun) publishing.onBegun();
      isBegun = true;
      if (turn) await publishTurn(publishing, turn);
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

type Turn = NonNullable<Awaited<ReturnType<ClaimFeed['takeTurn']>>>;

/** Until another process has the turn, or something breaks. */
async function publishTurn(publishing: Publishing, turn: Turn): Promise<void> {
  const { outlet, topic, signal, onFailure, keepEveryMs = KEEP_EVERY_MS } = publishing;
  // A look at a long stretch of changes that are not of claims takes longer than a turn lasts.
  const keeping = setInterval(() => void turn.keep().catch(onFailure), keepEveryMs);
  try {
    while (!signal.aborted) {
      const { changes, place } = await turn.next();
      const records = changes.map((change) => toRecord(topic, change));
      await persist(
        async () => {
          await turn.keep();
          await outlet.send(records);
        },
        { signal, onFailure, isPassing: () => turn.isOurs() },
      );
      await turn.remember(place);
    }
  } finally {
    clearInterval(keeping);
    await turn.end();
  }
}

function toRecord(topic: string, { claimId, ...change }: ClaimChange): OutgoingRecord {
  const value = { claimId, ...change, at: change.at.toISOString() };
  return {
    topic,
    key: Buffer.from(claimId),
    value: Buffer.from(JSON.stringify(value)),
  };
}
