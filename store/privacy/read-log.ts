/**
 * The read log: which of the staff looked at the personal data of whom. An entry stands for all
 * reads by one person, of one user, by one route, in one minute.
 */
import { type Connection, mongo, Schema } from 'mongoose';
import type { Role } from '../../domain/user.ts';
import { isDuplicateKey } from '../mongodb/connection.ts';
import { after, inTime, type Position } from '../mongodb/cursor.ts';

/** A read by staff. */
export interface PersonalRead {
  at: Date;
  actorId: string;
  actorRole: Role;
  /** Whose data was read. */
  userId: string;
  /** The route, such as `GET /api/users/{userId}`. */
  route: string;
  requestId: string;
  /** The client's address; absent once the reader's own personal data were erased. */
  from?: string;
}

export interface ReadLogEntry extends PersonalRead {
  _id: string;
}

/** Entries that match every given field. */
export interface ReadLogFilter {
  userId?: string | undefined;
  actorId?: string | undefined;
  /** At or after this time. */
  since?: Date | undefined;
  /** Before this time. */
  until?: Date | undefined;
}

/**
 * How long an entry is kept, in seconds: two years. Korea's rules for safeguarding personal
 * information ask for access records of one or two years; we know of none that asks for more.
 */
const KEPT_S = 2 * 365 * 86_400;

/** The time that one entry stands for, in milliseconds. */
const MINUTE_MS = 60_000;

const schema = new Schema<ReadLogEntry>(
  {
    _id: { type: String, required: true },
    at: { type: Date, required: true },
    actorId: { type: String, required: true },
    actorRole: { type: String, required: true },
    userId: { type: String, required: true },
    route: { type: String, required: true },
    requestId: { type: String, required: true },
    from: String,
  },
  { collection: 'read_log', versionKey: false, strict: 'throw' },
);
const NEWEST = { at: -1, _id: -1 } as const;
schema.index({ at: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_S });
schema.index(NEWEST, { name: 'newest' });
schema.index({ userId: 1, ...NEWEST }, { name: 'user_newest' });
schema.index({ actorId: 1, ...NEWEST }, { name: 'actor_newest' });
schema.index({ userId: 1, actorId: 1, ...NEWEST }, { name: 'user_actor_newest' });

/** The entry of a read. Reads of one minute have one ID. */
export function entryOf(read: PersonalRead): ReadLogEntry {
  const minute = Math.floor(read.at.getTime() / MINUTE_MS);
  return { _id: `${minute} ${read.actorId} ${read.userId} ${read.route}`, ...read };
}

export type ReadLogStore = ReturnType<typeof createReadLogStore>;

/** The read log, over the collection `read_log`. */
export function createReadLogStore(connection: Connection) {
  const model = connection.model<ReadLogEntry>('ReadLogEntry', schema);

  return {
    model,

    /** Adds entries. Those that are there already stay as they are. */
    async add(entries: readonly ReadLogEntry[]): Promise<void> {
      if (entries.length === 0) return;
      await model.collection
        .insertMany([...entries] as never[], { ordered: false })
        .catch((error) => {
          const isKnown = error instanceof mongo.MongoBulkWriteError;
          if (!isKnown || !isDuplicateKey(error, model.collection)) throw error;
        });
    },

    /** Newest first; up to `limit + 1` entries, so that the caller sees if there are more. */
    async page(
      { userId, actorId, since, until }: ReadLogFilter,
      from: Position | undefined,
      limit: number,
    ): Promise<ReadLogEntry[]> {
      return await model
        .find({
          ...(userId !== undefined && { userId }),
          ...(actorId !== undefined && { actorId }),
          $and: [...inTime('at', { since, until }), after('at', from)],
        })
        .sort(NEWEST)
        .limit(limit + 1)
        .lean<ReadLogEntry[]>();
    },

    /** Removes the addresses from a reader's own entries. @returns how many of at most `most` */
    async forgetAddressesOf(actorId: string, most: number): Promise<number> {
      const left = { actorId, from: { $exists: true } };
      const found = await model.find(left, { _id: 1 }).limit(most).lean<{ _id: string }[]>();
      const ids = found.map(({ _id }) => _id);
      await model.updateMany({ _id: { $in: ids } }, { $unset: { from: true } });
      return found.length;
    },
  };
}
