/** Fills the collections as a number of earlier claims would leave them, by bulk inserts. */
import { createAuditLog } from '../../store/audit-log.ts';
import type { StoredEvent, StoredReward } from '../../store/events/events.ts';
import { inTransaction } from '../../store/mongodb/connection.ts';
import { type Collections, insertAll, makeEvent, newId } from './collections.ts';
import {
  claimOf,
  dayOfPlayer,
  familyOf,
  isGranted,
  PILE_MS,
  PILED_EVENTS,
  type Pile,
  playerEventOf,
  playerOf,
  userOf,
} from './growth-records.ts';

export interface PileOptions {
  /** Number of earlier claims: a multiple of ten. */
  claims: number;
  /** Units of each event's reward: more than it has claims. */
  stock: number;
  /** Entries of the audit log. By default one for each hundred claims. */
  changes?: number;
  /** Takes lines of progress. */
  say?: (line: string) => void;
}

/** Claims made and inserted at once, so that memory stays small. */
const CHUNK = 20_000;

/** How many earlier claims there are for each ended event, staff change and bulk action. */
const CLAIMS_PER = { endedEvent: 1_000, staffChange: 100, operation: 1_000 } as const;

/** Most passes of reconciliation: the product keeps a week, one each minute. */
const MOST_PASSES = 10_080;

/** Audit entries in one transaction. */
const CHANGES_AT_ONCE = 500;

const OPERATOR = { actor: { userId: 'usr_bench', role: 'OPERATOR' }, requestId: 'bench' } as const;

/** Inserts earlier claims, and everything that comes with them, into an empty database. */
export async function pileUp(collections: Collections, options: PileOptions): Promise<Pile> {
  const { claims, stock, say = () => {} } = options;
  const sinceMs = Date.now() - PILE_MS;
  const events: StoredEvent[] = [];
  for (let n = 0; n < PILED_EVENTS; n++) events.push(await claimedEvent(collections, stock));
  const pile = { events, sinceMs };
  for (let from = 0; from < claims; from += CHUNK) {
    const to = Math.min(from + CHUNK, claims);
    await insertClaims(collections, pile, from, to);
    await insertPlayers(collections, pile, playerOf(from), playerOf(to));
    if (to % 100_000 === 0) say(`${to.toLocaleString('en')} earlier claims`);
  }
  await countGranted(collections, pile, claims);
  await insertEndedEvents(collections, events[0] as StoredEvent, claims / CLAIMS_PER.endedEvent);
  await insertUpkeep(collections, claims);
  await appendChanges(collections, pile, options.changes ?? claims / CLAIMS_PER.staffChange);
  return pile;
}

async function claimedEvent(collections: Collections, stock: number): Promise<StoredEvent> {
  const { eventId, version } = await makeEvent(collections, stock);
  await collections.store.events.markClaimed(eventId, version);
  return (await collections.store.events.get(eventId)) as StoredEvent;
}

async function insertClaims({ store }: Collections, pile: Pile, from: number, to: number) {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n);
  const claims = numbers.map((n) => claimOf(pile, n));
  await insertAll(store.claims.model.collection, claims);
}

async function insertPlayers({ store }: Collections, pile: Pile, from: number, to: number) {
  const nowMs = Date.now();
  const players = Array.from({ length: to - from }, (_, n) => from + n);
  const users = players.map((player) => userOf(pile, player));
  const families = players.map((player) => familyOf(player, nowMs));
  const playerEvents = players.map((player) => playerEventOf(player, nowMs));
  const days = players.map((player) => dayOfPlayer(pile, player));
  await Promise.all([
    insertAll(store.users.model.collection, users),
    insertAll(store.refreshTokens.model.collection, families),
    insertAll(store.progress.activities.model.collection, playerEvents),
    insertAll(store.progress.days.model.collection, days),
  ]);
}

/** Counts the granted units in the stock, evenly over the buckets, so that every bucket adds up. */
async function countGranted(
  { store }: Collections,
  { events }: Pile,
  claims: number,
): Promise<void> {
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

/** Inserts ended events like the first, whose last unit was granted. */
async function insertEndedEvents({ store }: Collections, like: StoredEvent, count: number) {
  const { eventId: _, ...fields } = like;
  const ids = Array.from({ length: Math.floor(count) }, () => newId('evt'));
  const rewards = like.rewards.map((reward) => ({ ...reward, stock: 100, buckets: 1 }));
  await insertAll(
    store.events.model.collection,
    ids.map((_id) => ({ ...fields, _id, rewards, status: 'ENDED' })),
  );
  const levels = { quantity: 1, stock: 100, available: 0, granted: 100, holds: [] };
  await insertAll(
    store.stock.model.collection,
    ids.flatMap((eventId) =>
      rewards.map(({ rewardId }) => {
        return { _id: `${eventId}/${rewardId}/0`, eventId, rewardId, n: 0, ...levels };
      }),
    ),
  );
}

/** Inserts finished bulk actions and passes of reconciliation. */
async function insertUpkeep({ store }: Collections, claims: number): Promise<void> {
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

/** Appends entries to the audit log through the log, as each one has the hash of the one before. */
async function appendChanges(
  { database }: Collections,
  { sinceMs }: Pile,
  count: number,
): Promise<void> {
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
