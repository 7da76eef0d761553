/**
 * The audit log: an entry for every change by staff, written in the same transaction. Each entry
 * has the hash of the one before. So an edit, a deletion or a new order made outside the
 * application is found. The application itself adds entries, and erases personal data beside them.
 */
import { createHash } from 'node:crypto';
import { type ClientSession, type Connection, Schema } from 'mongoose';
import type { Role } from '../domain/user.ts';
import {
  covered,
  isIntact,
  merged,
  type PersonalFields,
  type PersonalPart,
  personalPart,
} from './audit-personal.ts';
import { after, inTime, type Position } from './mongodb/cursor.ts';
import type { StaffWrite } from './users/staff.ts';

/** What staff do, as `object.verb`. */
export const AUDIT_ACTIONS = [
  'user.update',
  'user.erase',
  'user.password_changed',
  'user.password_reset',
  'user.totp_enabled',
  'user.totp_disabled',
  'user.totp_removed',
  'service_account.create',
  'service_key.create',
  'service_key.delete',
  'event.create',
  'event.update',
  'event.restock',
  'event.delete',
  'claim.retry',
  'claim.abort',
  'claims.retry',
  'claims.abort',
  'operation.stop',
] as const;
type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What was changed. `before` and `after` are plain JSON; null where there was or is nothing. */
export interface AuditedChange {
  action: AuditAction;
  targetId: string;
  before: unknown;
  after: unknown;
  /** Personal data, which must not stand in `before` and `after`. */
  personal?: PersonalFields[];
}

export interface AuditEntry extends Omit<AuditedChange, 'personal'> {
  /** The position in the chain: counts from 1 without gaps. */
  seq: number;
  at: Date;
  actorId: string;
  actorRole: Role;
  requestId: string;
  /**
   * The address the change came from: personal data of who made it. Null where no HTTP request made
   * it, in old entries, and once it was erased.
   */
  from: string | null;
  /** The hash of the entry before; 64 zeros for the first one. */
  previous: string;
  /** SHA-256 over all fields above but personal data, and over the digests below; in hexadecimal. */
  hash: string;
  /** Whose personal data is or was in `before` and `after`. */
  personal: { of: string; digest: string; erased: boolean }[];
}

/** Entries that match every given field. */
export interface AuditFilter {
  actorId?: string | undefined;
  action?: AuditAction | undefined;
  targetId?: string | undefined;
  /** At or after this time. */
  since?: Date | undefined;
  /** Before this time. */
  until?: Date | undefined;
}

/** The result of `verify`: the chain's end, or its first broken place. */
export type ChainVerdict =
  | { isWhole: true; entries: number; head: string }
  | { isWhole: false; seq: number; why: string };

type Stored = Omit<AuditEntry, 'seq' | 'from' | 'personal'> & {
  _id: number;
  personal?: PersonalPart[];
};

interface Head {
  _id: 'head';
  seq: number;
  hash: string;
}

/** A place in the chain: an entry, and what the chain says up to it. */
export interface ChainPlace {
  seq: number;
  hash: string;
}

/** The place before the first entry. */
export const CHAIN_START: Readonly<ChainPlace> = { seq: 0, hash: '0'.repeat(64) };

/** The last good entry of a check, and what is wrong with the next; null where nothing is. */
export interface Walk extends ChainPlace {
  why: string | null;
}

/** Entries read at once by `batches`. One of an event may have 100 KB. */
const BATCH = 100;

/** The index of entries with personal data of a user. */
const PERSONAL = 'personal';

const schema = new Schema<Stored>(
  {
    _id: { type: Number, required: true },
    at: { type: Date, required: true },
    actorId: { type: String, required: true },
    actorRole: { type: String, required: true },
    requestId: { type: String, required: true },
    action: { type: String, required: true },
    targetId: { type: String, required: true },
    // JSON as text: its hash must stay the same whatever a driver or a dump does to types.
    before: { type: String },
    after: { type: String },
    previous: { type: String, required: true },
    hash: { type: String, required: true },
    // No default, as an empty list would be in the index.
    personal: { type: [Object], default: undefined },
  },
  { collection: 'audit_log', versionKey: false, strict: 'throw' },
);
// By time, then by position: any page of a time range is read from its index alone.
const NEWEST = { at: -1, _id: -1 } as const;
schema.index(NEWEST, { name: 'newest' });
schema.index({ actorId: 1, ...NEWEST }, { name: 'actor_newest' });
schema.index({ action: 1, ...NEWEST }, { name: 'action_newest' });
schema.index({ actorId: 1, action: 1, ...NEWEST }, { name: 'actor_action_newest' });
schema.index({ targetId: 1, ...NEWEST }, { name: 'target_newest' });
schema.index(
  { 'personal.of': 1, _id: 1 },
  { name: PERSONAL, partialFilterExpression: { 'personal.of': { $exists: true } } },
);

/** The hash of an entry: over its fields in this order, each as JSON on a line of its own. */
function hashOf(entry: Omit<Stored, 'hash'>): string {
  const { _id, previous, at, actorId, actorRole, requestId, personal } = entry;
  const { action, targetId, before, after } = entry;
  const fields = [_id, previous, at.toISOString(), actorId, actorRole, requestId];
  const lines = [...fields, action, targetId, before, after].map((field) => JSON.stringify(field));
  if (personal) lines.push(covered(personal));
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Why the entry does not belong at this place of the chain; null where it does. */
function flawOf(entry: Stored, seq: number, previous: string): string | null {
  if (entry._id !== seq) return `entry ${seq} is missing`;
  if (entry.previous !== previous) return `entry ${seq} does not follow the one before it`;
  if (entry.hash !== hashOf(entry)) return `entry ${seq} was changed`;
  const isWhole = (entry.personal ?? []).every(isIntact);
  return isWhole ? null : `the personal data of entry ${seq} were changed`;
}

/** The entry with its personal data in their places, as far as they are not erased. */
function toEntry({ _id, before, after, personal = [], ...stored }: Stored): AuditEntry {
  const entry = {
    ...stored,
    seq: _id,
    from: null as string | null,
    before: JSON.parse(String(before)),
    after: JSON.parse(String(after)),
    personal: personal.map(({ of, digest, text }) => ({ of, digest, erased: text === undefined })),
  };
  for (const { text } of personal) {
    const fields: PersonalFields['fields'] = text === undefined ? {} : JSON.parse(text);
    entry.before = merged(entry.before, fields.before);
    entry.after = merged(entry.after, fields.after);
    entry.from = fields.from ?? entry.from;
  }
  return entry;
}

export type AuditLog = ReturnType<typeof createAuditLog>;

/** The audit log, over `audit_log` and `audit_head`. @param now our clock */
export function createAuditLog(connection: Connection, now: () => Date = () => new Date()) {
  const model = connection.model<Stored>('AuditEntry', schema);
  const heads = connection.collection<Head>('audit_head');

  /** Newest first; up to `limit + 1` entries, so that the caller sees whether there are more. */
  async function page(
    filter: AuditFilter,
    from: Position<number> | undefined,
    limit: number,
  ): Promise<AuditEntry[]> {
    const { actorId, action, targetId, since, until } = filter;
    const found = await model
      .find({
        ...(actorId !== undefined && { actorId }),
        ...(action !== undefined && { action }),
        ...(targetId !== undefined && { targetId }),
        $and: [...inTime('at', { since, until }), after('at', from)],
      })
      .sort(NEWEST)
      .limit(limit + 1)
      .lean<Stored[]>();
    return found.map(toEntry);
  }

  async function head(options: { session?: ClientSession } = {}): Promise<ChainPlace> {
    const { seq, hash } = (await heads.findOne({ _id: 'head' }, options)) ?? CHAIN_START;
    return { seq, hash };
  }

  /** What is wrong with the erased parts of an entry: each must name the record of an erasure. */
  async function flawOfErasure({ _id, personal = [] }: Stored): Promise<string | null> {
    for (const { of: targetId, erasedBy } of personal) {
      if (erasedBy === undefined) continue;
      const recorded = await model.exists({ _id: erasedBy, action: 'user.erase', targetId });
      if (!recorded) return `the personal data of entry ${_id} were removed without an erasure`;
    }
    return null;
  }

  /** Checks the entries behind a place, `most` of them at most. 0 is no limit. */
  async function walk(from: ChainPlace, most = 0): Promise<Walk> {
    let { seq, hash } = from;
    const behind = model.find(seq === 0 ? {} : { _id: { $gt: seq } });
    for await (const entry of behind.sort({ _id: 1 }).limit(most).lean<Stored>().cursor()) {
      const why = flawOf(entry, seq + 1, hash) ?? (await flawOfErasure(entry));
      if (why) return { seq, hash, why };
      seq += 1;
      hash = entry.hash;
    }
    return { seq, hash, why: null };
  }

  return {
    model,
    page,
    head,
    walk,

    /**
     * Creates the chain's head. It must exist before the first change, so that even two first
     * changes conflict on it.
     */
    async open(): Promise<void> {
      await heads.updateOne({ _id: 'head' }, { $setOnInsert: CHAIN_START }, { upsert: true });
    },

    /**
     * Adds an entry in the transaction of the change. The head is one document, so of two changes
     * at once one starts again after the other, and the chain never forks.
     * @returns the entry's place in the chain
     */
    async append(
      { actor, requestId, from, session }: StaffWrite,
      { personal = [], ...change }: AuditedChange,
    ): Promise<number> {
      const ofActor = from === undefined ? [] : [{ of: actor.userId, fields: { from } }];
      const parts = [...personal, ...ofActor].map(personalPart);
      const { seq, hash: previous } = await head({ session });
      const unhashed = {
        _id: seq + 1,
        at: now(),
        actorId: actor.userId,
        actorRole: actor.role,
        requestId,
        ...change,
        before: JSON.stringify(change.before ?? null),
        after: JSON.stringify(change.after ?? null),
        previous,
        ...(parts.length > 0 && { personal: parts }),
      };
      const hash = hashOf(unhashed);
      await model.insertOne({ ...unhashed, hash }, { session });
      const set = { seq: unhashed._id, hash };
      await heads.updateOne({ _id: 'head' }, { $set: set }, { session, upsert: true });
      return unhashed._id;
    },

    /**
     * Erases the personal data of a user from entries, at most `most` of them.
     * @param erasedBy the entry that records the erasure
     * @returns how many entries were changed; fewer than `most` where no more are left
     */
    async erasePersonal(userId: string, erasedBy: number, most: number): Promise<number> {
      const isLeft = { of: userId, text: { $exists: true } };
      const left = { 'personal.of': userId, personal: { $elemMatch: isLeft } };
      const found = await model.find(left, { _id: 1 }).hint(PERSONAL).limit(most).lean();
      await model.updateMany(
        { _id: { $in: found.map(({ _id }) => _id) } },
        {
          $set: { 'personal.$[part].erasedBy': erasedBy },
          $unset: { 'personal.$[part].text': '', 'personal.$[part].salt': '' },
        },
        { arrayFilters: [{ 'part.of': userId, 'part.text': { $exists: true } }] },
      );
      return found.length;
    },

    /**
     * Entries of others that change a user, or hold personal data of theirs, oldest first. Personal
     * data of others in them is left out.
     * @param behind the entry behind which to read on
     */
    async about(userId: string, behind: number, most: number): Promise<AuditEntry[]> {
      const _id = { $gt: behind };
      const [changes, notes] = await Promise.all([
        model
          .find({ targetId: userId, actorId: { $ne: userId }, _id })
          .sort({ _id: 1 })
          .limit(most)
          .lean<Stored[]>(),
        model
          .find({ 'personal.of': userId, actorId: { $ne: userId }, _id })
          .sort({ _id: 1 })
          .hint(PERSONAL)
          .limit(most)
          .lean<Stored[]>(),
      ]);
      const bySeq = new Map([...changes, ...notes].map((entry) => [entry._id, entry]));
      const found = [...bySeq.values()].sort((a, b) => a._id - b._id).slice(0, most);
      return found.map(({ personal = [], ...entry }) =>
        toEntry({ ...entry, personal: personal.filter((part) => part.of === userId) }),
      );
    },

    /** All entries that match, newest first, in batches. No cursor is open between two batches. */
    async *batches(filter: AuditFilter, size = BATCH): AsyncGenerator<AuditEntry[]> {
      for (let from: Position<number> | undefined; ; ) {
        const found = await page(filter, from, size);
        const batch = found.slice(0, size);
        const last = batch.at(-1);
        if (last) yield batch;
        if (!last || found.length <= size) return;
        from = { at: last.at, id: last.seq };
      }
    },

    /**
     * Checks the whole chain. A cut-off end is found by comparing with the head. Where the head was
     * cut back too, it is only found by a head that was noted elsewhere.
     */
    async verify(): Promise<ChainVerdict> {
      const { seq, hash, why } = await walk(CHAIN_START);
      if (why) return { isWhole: false, seq: seq + 1, why };
      const end = await head();
      if (end.seq !== seq || end.hash !== hash) {
        return {
          isWhole: false,
          seq: seq + 1,
          why: `the log ends at ${seq}, its head says ${end.seq}`,
        };
      }
      return { isWhole: true, entries: seq, head: hash };
    },

    /** The hash of one entry, to compare with a head that was noted elsewhere; null for none. */
    async hashAt(seq: number): Promise<string | null> {
      return (await model.findById(seq).lean<Stored>())?.hash ?? null;
    },
  };
}
