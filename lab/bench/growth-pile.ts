/** Makes the collections as they are after so many earlier claims, by bulk inserts. */

import { createAuditLog } from '../../store/audit-log.ts';
import type { StoredEvent, StoredReward } from '../../store/events/events.ts';
import { inTransaction } from '../../store/mongodb/connection.ts';
import { type Books, insertAll, makeEvent, newId } from './books.ts';
import {
  activityOf,
  claimOf,
  dayOfPlayer,
  familyOf,
  isGranted,
  PILE_MS,
  PILED_EVENTS,
  type Pile,
  playerOf,
  userOf,
} from './growth-records.ts';

interface PileOptions {
  /** Earlier claims; a multiple of ten. */
  claims: number;
  /** Units of each event's reward: more than there are claims of it. */
  stock: number;
  /** Staff's changes in the audit log; one for a hundred claims unless given. */
  changes?: number;
  /** Takes progress. */
  say?: (line: string) => void;
}

/** Records made and inserted at a time, so that memory stays small. */
const CHUNK = 20_000;

/** Earlier claims for each event that has ended since, for each change by staff, and so on. */
const CLAIMS_PER = { endedEvent: 1_000, staffChange: 100, operation: 1_000 } as const;

/** The passes of reconciliation that are kept: a week of one a minute. */
const MOST_PASSES = 10_080;

/** Staff's changes in one transaction. */
const CHANGES_AT_ONCE = 500;

const OPERATOR = { actor: { userId: 'usr_bench', role: 'OPERATOR' }, requestId: 'bench' } as const;

/** Piles earlier claims up in an empty database, with what comes with them. */
export async function pileUp(books: Books, options: PileOptions): Promise<Pile> {
  const { claims, stock, say = () => {} } = options;
  const sinceMs = Date.now() - PILE_MS;
  const events: StoredEvent[] = [];
  for (let n = 0; n < PILED_EVENTS; n++) events.push(await claimedEvent(books, stock));
  const pile = { events, sinceMs };
  for (let from = 0; from < claims; from += CHUNK) {
    const until = Math.min(from + CHUNK, claims);
    await insertClaims(books, pile, from, until);
    await insertPlayers(books, pile, playerOf(from), playerOf(until));
    if (until % 100_000 === 0) say(`${until.toLocaleString('en')} earlier claims`);
  }
  await bookGranted(books, pile, claims);
  await insertEndedEvents(books, events[0] as StoredEvent, claims / CLAIMS_PER.endedEvent);
  await insertUpkeep(books, claims);
  await appendChanges(books, pile, options.changes ?? claims / CLAIMS_PER.staffChange);
  return pile;
}

async function claimedEvent(books: Books, stock: number): Promise<StoredEvent> {
  const { eventId, version } = await makeEvent(books, stock);
  await books.store.events.markClaimed(eventId, version);
  return (await books.store.events.get(eventId)) as StoredEvent;
}

async function insertClaims({ store }: Books, pile: Pile, from: number, until: number) {
  const numbers = Array.from({ length: until - from }, (_, n) => from + n);
  const claims = numbers.map((n) => claimOf(pile, n));
  await insertAll(store.claims.model.collection, claims);
}

async function insertPlayers({ store }: Books, pile: Pile, from: number, until: number) {
  const nowMs = Date.now();
  const players = Array.from({ length: until - from }, (_, n) => from + n);
  const users = players.map((player) => userOf(pile, player));
  const families = players.map((player) => familyOf(player, nowMs));
  const activities = players.map((player) => activityOf(player, nowMs));
  const days = players.map((player) => dayOfPlayer(pile, player));
  await Promise.all([
    insertAll(store.users.model.collection, users),
    insertAll(store.refreshTokens.model.collection, families),
    insertAll(store.progress.activities.model.collection, activities),
    insertAll(store.progress.days.model.collection, days),
  ]);
}

/** Books the units granted, evenly over the buckets, so that every bucket adds up. */
async function bookGranted({ store }: Books, { events }: Pile, claims: number): Promise<void> {
  const collection = store.stock.model.collection;
  for (const [index, { eventId, rewards }] of events.entries()) {
    const [{ rewardId, buckets }] = rewards as [StoredReward];
    const count = buckets ?? 0;
    let units = 0;
    for (let n = index; n < claims; n += PILED_EVENTS) if (isGranted(n)) units += 1;
    for (let n = 0; n < count; n++) {
      const own = Math.floor(units / count) + (n < units % count ? 1 : 0);
      const _id = `${eventId}/${rewardId}/${n}` as never;
      await collection.updateOne({ _id }, { $inc: { granted: own, available: -own } });
    }
  }
}

/** Events like the first, whose last unit was given away long ago. */
async function insertEndedEvents({ store }: Books, like: StoredEvent, count: number) {
  const { eventId: _, ...fields } = like;
  const ids = Array.from({ length: Math.floor(count) }, () => newId('evt'));
  const rewards = like.rewards.map((reward) => ({ ...reward, stock: 100, buckets: 1 }));
  await insertAll(
    store.events.model.collection,
    ids.map((_id) => ({ ...fields, _id, rewards, status: 'ENDED' })),
  );
  const books = { quantity: 1, stock: 100, available: 0, granted: 100, holds: [] };
  await insertAll(
    store.stock.model.collection,
    ids.flatMap((eventId) =>
      rewards.map(({ rewardId }) => {
        return { _id: `${eventId}/${rewardId}/0`, eventId, rewardId, n: 0, ...books };
      }),
    ),
  );
}

/** Bulk actions that are done, and passes of reconciliation. */
async function insertUpkeep({ store }: Books, claims: number): Promise<void> {
  const at = new Date();
  const operation = {
    action: 'RETRY',
    filter: { eventId: null, reason: null },
    note: null,
    actor: OPERATOR.actor,
    requestId: OPERATOR.requestId,
    ...{ state: 'DONE', total: 1, done: 1, failed: 0, batch: [], after: null },
    ...{ createdAt: at, updatedAt: at },
  };
  const pass = {
    ...{ runsStarted: 0, decisionsSent: 0, claimsStopped: 0, parkingsExpired: 0 },
    ...{ holdsFreed: 0, failures: 0, unbalanced: [] },
  };
  const passes = Math.min(MOST_PASSES, Math.floor(claims / CLAIMS_PER.staffChange));
  await insertAll(
    store.operations.model.collection,
    Array.from({ length: Math.floor(claims / CLAIMS_PER.operation) }, () => {
      return { _id: newId('op'), ...operation };
    }),
  );
  await insertAll(
    store.reconciliations.model.collection,
    Array.from({ length: passes }, (_, n) => {
      const moment = new Date(at.getTime() - n * 60_000);
      return { ...pass, startedAt: moment, endedAt: moment };
    }),
  );
}

/** By the log itself, as each entry carries the hash of the one before. */
async function appendChanges({ database }: Books, { sinceMs }: Pile, count: number): Promise<void> {
  let nowMs = sinceMs;
  const log = createAuditLog(database, () => new Date(nowMs));
  for (let from = 0; from < count; from += CHANGES_AT_ONCE) {
    await inTransaction(database, async (session) => {
      for (let n = from; n < Math.min(from + CHANGES_AT_ONCE, count); n++) {
        const change = { targetId: `usr_${n}`, before: { n }, after: { n: n + 1 } };
        nowMs += PILE_MS / count;
        await log.append({ ...OPERATOR, session }, { action: 'user.update', ...change });
      }
    });
  }
}
