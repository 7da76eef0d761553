/**
 * What each collection holds of a user: how it is exported and erased, or why it is not. A
 * collection that is not in the table fails a test.
 */
import type { Connection } from 'mongoose';
import type { AuditLog } from '../audit-log.ts';
import type { ClaimStore } from '../claims/claims.ts';
import type { ProgressStore } from '../player-events/progress.ts';
import type { RefreshTokenStore } from '../users/refresh-tokens.ts';
import { type UserDocument, userModel } from '../users/user-record.ts';
import type { ErasureStore } from './erasures.ts';
import {
  auditPages,
  claimPages,
  dayPages,
  once,
  playerEventPages,
  type Records,
  readPages,
  userRecords,
} from './personal-exports.ts';
import type { ReadLogStore } from './read-log.ts';

/** Records erased at once: one write of that many ends within the database's timeout. */
const BATCH = 500;

type Exporter = (userId: string) => Records;

/** Erases a part of a user's data. @returns how many records of at most `most` */
type Eraser = (userId: string, most: number) => Promise<number>;

/** What is done about one collection. A text says why nothing is. */
export interface Kept {
  exported: Exporter | string;
  erased: Eraser | string;
}

interface PersonalDataStores {
  auditLog: AuditLog;
  claims: ClaimStore;
  erasures: ErasureStore;
  progress: Pick<ProgressStore, 'playerEvents' | 'days'>;
  readLog: ReadLogStore;
  refreshTokens: RefreshTokenStore;
}

export type PersonalData = ReturnType<typeof createPersonalData>;

/** The personal data of users, over all collections. */
export function createPersonalData(connection: Connection, stores: PersonalDataStores) {
  const table = kept(connection, stores);

  return {
    table,

    /** All that is kept of a user, in batches. No cursor is open between two batches. */
    async *exportOf(userId: string): Records {
      for (const { exported } of Object.values(table)) {
        if (typeof exported !== 'string') yield* exported(userId);
      }
    },

    /**
     * Erases what `request` of the erasures leaves. May be stopped anywhere and called again. Open
     * claims are left as they are.
     * @param onBatch called after each batch
     * @param most the most records of one batch
     */
    async erase(userId: string, onBatch: () => void = () => {}, most = BATCH): Promise<void> {
      for (const { erased } of Object.values(table)) {
        if (typeof erased === 'string') continue;
        while ((await erased(userId, most)) === most) onBatch();
        onBatch();
      }
    },
  };
}

const STAFFS = 'is about events, and what staff did';
const NOBODYS = 'holds nothing of one user but IDs';
const KEPT_SECRET = 'is a secret: who has it shown could use it';
const BY_ITSELF = 'holds IDs alone, and expires by itself';

function kept(connection: Connection, stores: PersonalDataStores): Record<string, Kept> {
  const { auditLog, claims, erasures, progress, readLog, refreshTokens } = stores;
  const users = userModel(connection);
  const { playerEvents, days } = progress;
  const ofUser = (userId: string) => ({ userId });
  const removed = (collection: string) => removal(connection, collection, ofUser);
  const nothing = { exported: NOBODYS, erased: NOBODYS };
  return {
    users: {
      exported: once(async (userId) =>
        userRecords(await users.findById(userId).lean<UserDocument>()),
      ),
      erased: 'is done with the request itself, in its transaction',
    },
    refreshFamilies: {
      exported: once(async (userId) => {
        const found = await refreshTokens.ofUser(userId);
        return found.map((family) => ({ type: 'sign_in', ...family }));
      }),
      erased: async (userId) => {
        await refreshTokens.endAllOf(userId);
        return 0;
      },
    },
    claims: {
      exported: (userId) => claimPages(claims, userId),
      erased: claims.slimOf,
    },
    activity_events: {
      exported: (userId) => playerEventPages(playerEvents, userId),
      erased: removed('activity_events'),
    },
    progress_days: {
      exported: (userId) => dayPages(days, userId),
      erased: removed('progress_days'),
    },
    audit_log: {
      exported: (userId) => auditPages(auditLog, userId),
      erased: async (userId, most) => {
        const erasure = await erasures.get(userId);
        return erasure ? await auditLog.erasePersonal(userId, erasure.auditSeq, most) : 0;
      },
    },
    read_log: {
      exported: (userId) => readPages(readLog, userId),
      erased: readLog.forgetAddressesOf,
    },
    erasures: {
      exported: once(async (userId) => {
        const found = await erasures.get(userId);
        return found ? [{ type: 'erasure', at: found.at }] : [];
      }),
      erased: 'is the record that the user was erased',
    },
    ...signInGuards(connection),
    operations: { exported: STAFFS, erased: STAFFS },
    events: { exported: STAFFS, erased: STAFFS },
    event_keys: { exported: BY_ITSELF, erased: BY_ITSELF },
    stock_buckets: nothing,
    claim_counts: nothing,
    audit_head: nothing,
    feed_places: nothing,
    progress_state: nothing,
    provider_slots: nothing,
    reconciliations: nothing,
    reconciliation_totals: nothing,
  };
}

/** What guards sign-ins. */
function signInGuards(connection: Connection): Record<string, Kept> {
  const byId = (_id: string) => ({ _id });
  return {
    totp: { exported: KEPT_SECRET, erased: removal(connection, 'totp', byId) },
    passwordResets: { exported: KEPT_SECRET, erased: removal(connection, 'passwordResets', byId) },
    serviceKeys: {
      exported: KEPT_SECRET,
      erased: removal(connection, 'serviceKeys', (userId) => ({ userId })),
    },
    // Their IDs begin with the user's, and a blank follows.
    knownAddresses: {
      exported: 'are hashes of addresses, to limit guesses',
      erased: removal(connection, 'knownAddresses', (userId) => ({
        _id: { $gt: `${userId} `, $lt: `${userId}!` },
      })),
    },
    guesses: { exported: BY_ITSELF, erased: BY_ITSELF },
    mfaChallenges: { exported: BY_ITSELF, erased: BY_ITSELF },
  };
}

/** Removes a user's records from a collection. @param filterOf which ones; an index must serve it */
function removal(
  connection: Connection,
  name: string,
  filterOf: (userId: string) => object,
): Eraser {
  const collection = connection.collection<{ _id: string }>(name);
  return async (userId, most) => {
    const options = { projection: { _id: 1 }, limit: most };
    const found = await collection.find(filterOf(userId), options).toArray();
    await collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    return found.length;
  };
}
