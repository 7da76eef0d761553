/**
 * The records of one user, as the export shows them, in batches of bounded size. IDs of staff are
 * left out: they are not the user's data.
 */
import type { AuditEntry, AuditLog } from '../audit-log.ts';
import type { Claim } from '../claims/claim-record.ts';
import type { ClaimStore } from '../claims/claims.ts';
import type { PlayerEventStore } from '../player-events/player-events.ts';
import type { ProgressDayStore, StoredDay } from '../player-events/progress-days.ts';
import type { UserDocument } from '../users/user-record.ts';
import type { ReadLogEntry, ReadLogStore } from './read-log.ts';

/** Records of one batch. A claim or an audit entry may have some ten KiB. */
const BATCH = 100;

/** A record as the export shows it. */
export type ExportedRecord = { type: string } & Record<string, unknown>;
export type Records = AsyncGenerator<ExportedRecord[]>;

/** Reads batch after batch. @param read reads the batch behind a record; the first without one */
async function* pages<T>(
  read: (last: T | undefined) => Promise<T[]>,
  shown: (record: T) => ExportedRecord,
): Records {
  for (let last: T | undefined; ; ) {
    const found = await read(last);
    if (found.length > 0) yield found.map(shown);
    if (found.length < BATCH) return;
    last = found.at(-1);
  }
}

/** An exporter of a few records. */
export const once = (read: (userId: string) => Promise<ExportedRecord[]>) =>
  async function* (userId: string): Records {
    const records = await read(userId);
    if (records.length > 0) yield records;
  };

/** Fields of a user's record that the export shows. */
export const SHOWN_OF_USER = [
  'username',
  'displayName',
  'externalId',
  'role',
  'status',
  'statusAt',
  'createdAt',
  'updatedAt',
  'erasedAt',
] as const satisfies readonly (keyof UserDocument)[];

/** Fields that it does not show: a secret, and what only we need. */
export const HIDDEN_OF_USER = [
  '_id',
  'usernameKey',
  'passwordHash',
  'tokenEpoch',
  'timesKept',
  'roleFrom',
  'isService',
  'keptSignIn',
  'endedSignIns',
] as const satisfies readonly (keyof UserDocument)[];

/** The user's own record. */
export function userRecords(user: UserDocument | null): ExportedRecord[] {
  if (!user) return [];
  const shown = SHOWN_OF_USER.flatMap((field) =>
    user[field] === undefined ? [] : [[field, user[field]] as const],
  );
  return [{ type: 'user', userId: user._id, ...Object.fromEntries(shown) }];
}

/** The user's claims, newest first. */
export function claimPages({ page }: Pick<ClaimStore, 'page'>, userId: string): Records {
  return pages<Claim>(async (last) => {
    const from = last && { at: last.createdAt, id: last._id };
    return (await page({ userId }, from, BATCH)).found.slice(0, BATCH);
  }, shownClaim);
}

function shownClaim({ _id: claimId, parking, lines, snapshot, ...claim }: Claim): ExportedRecord {
  const { fate: _f, fateReason: _r, asked: _a, askedBy: _b, open: _o, ...shown } = claim;
  const { decision = null, lineIds: _l, ...parked } = parking ?? {};
  const { by: _, ...decided } = decision ?? {};
  return {
    type: 'claim',
    claimId,
    ...shown,
    lines: lines.map(({ buckets: _, ...line }) => line),
    judgedBy: snapshot,
    parking: parking && { ...parked, decision: decision && decided },
  };
}

/** What games sent about the user. */
export function playerEventPages(events: PlayerEventStore, userId: string): Records {
  return events.pagesOf(userId, BATCH, ({ _id, userId: _u, day: _d, late: _l, ...event }) => ({
    type: 'player_event',
    // The sender's name may stand behind the ID.
    id: _id.split(' ', 1)[0],
    ...event,
  }));
}

/** What was summed up for the user, by metric, key and day. */
export function dayPages(days: ProgressDayStore, userId: string): Records {
  return pages<StoredDay>(
    (last) => days.pageOf(userId, last?._id, BATCH),
    ({ _id, userId: _u, ...day }) => ({ type: 'progress_day', ...day }),
  );
}

/** What staff did to the user or said about them, and what the user did as staff. */
export async function* auditPages(log: AuditLog, userId: string): Records {
  yield* pages<AuditEntry>(
    (last) => log.about(userId, last?.seq ?? 0, BATCH),
    ({ at, ...entry }) => {
      const { action, targetId, before, after } = entry;
      return { type: 'audit_entry', at, action, targetId, before, after };
    },
  );
  for await (const batch of log.batches({ actorId: userId })) {
    // Before and after are data of others.
    yield batch.map(({ at, action, targetId, from }) => {
      return { type: 'own_action', at, action, targetId, from };
    });
  }
}

/** Who looked at the user's data, by role. */
export function readPages(readLog: ReadLogStore, userId: string): Records {
  return pages<ReadLogEntry>(
    async (last) => {
      const from = last && { at: last.at, id: last._id };
      return (await readLog.page({ userId }, from, BATCH)).slice(0, BATCH);
    },
    ({ at, actorRole, route }) => ({ type: 'read', at, actorRole, route }),
  );
}
