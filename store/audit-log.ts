/**
 * The audit log: an entry for every change by staff, written in the same transaction. Each entry
 * has the hash of the one before. So an edit, a deletion or a new order made outside the
 * application is found. The application itself only adds entries.
 */
import { createHash } from 'node:crypto';
import { type ClientSession, type Connection, Schema } from 'mongoose';
import type { Role } from '../domain/user.ts';
import { after, type Position } from './mongodb/cursor.ts';
import type { StaffWrite } from './users/staff.ts';

/** What staff do, as `object.verb`. */
export const AUDIT_ACTIONS = [
  'user.update',
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
}

export interface AuditEntry extends AuditedChange {
  /** The position in the chain: counts from 1 without gaps. */
  seq: number;
  at: Date;
  actorId: string;
  actorRole: Role;
  requestId: string;
  /** The address the change came from; null where no HTTP request made it, and in old entries. */
  from: string | null;
  /** The hash of the entry before; 64 zeros for the first one. */
  previous: string;
  /** SHA-256 over all fields above, in hexadecimal. */
  hash: string;
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

type Stored = Omit<AuditEntry, 'seq' | 'from'> & { _id: number; from?: string };

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

const schema = new Schema<Stored>(
  {
    _id: { type: Number, required: true },
    at: { type: Date, required: true },
    actorId: { type: String, required: true },
    actorRole: { type: String, required: true },
    requestId: { type: String, required: true },
    from: String,
    action: { type: String, required: true },
    targetId: { type: String, required: true },
    // JSON as text: its hash must stay the same whatever a driver or a dump does to types.
    before: { type: String },
    after: { type: String },
    previous: { type: String, required: true },
    hash: { type: String, required: true },
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

/**
 * The hash of an entry: over its fields in this order, each as JSON on a line of its own. Entries
 * without an address have no line for it, so that those from before it was kept stay as they are.
 */
function hashOf(entry: Omit<Stored, 'hash'>): string {
  const { _id, previous, at, actorId, actorRole, requestId } = entry;
  const { action, targetId, before, after, from } = entry;
  const fields = [_id, previous, at.toISOString(), actorId, actorRole, requestId];
  const change = [action, targetId, before, after, ...(from === undefined ? [] : [from])];
  const lines = [...fields, ...change].map((field) => JSON.stringify(field));
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Why the entry does not belong at this place of the chain; null where it does. */
function flawOf(entry: Stored, seq: number, previous: string): string | null {
  if (entry._id !== seq) return `entry ${seq} is missing`;
  if (entry.previous !== previous) return `entry ${seq} does not follow the one before it`;
  if (entry.hash !== hashOf(entry)) return `entry ${seq} was changed`;
  return null;
}

function toEntry({ _id, before, after, from, ...stored }: Stored): AuditEntry {
  return {
    ...stored,
    seq: _id,
    from: from ?? null,
    before: JSON.parse(String(before)),
    after: JSON.parse(String(after)),
  };
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
        $and: [
          {},
          ...(since ? [{ at: { $gte: since } }] : []),
          ...(until ? [{ at: { $lt: until } }] : []),
          after('at', from),
        ],
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

  /** Checks the entries behind a place, `most` of them at most. 0 is no limit. */
  async function walk(from: ChainPlace, most = 0): Promise<Walk> {
    let { seq, hash } = from;
    const behind = model.find(seq === 0 ? {} : { _id: { $gt: seq } });
    for await (const entry of behind.sort({ _id: 1 }).limit(most).lean<Stored>().cursor()) {
      const why = flawOf(entry, seq + 1, hash);
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
     */
    async append(
      { actor, requestId, from, session }: StaffWrite,
      change: AuditedChange,
    ): Promise<void> {
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
        ...(from !== undefined && { from }),
        previous,
      };
      const hash = hashOf(unhashed);
      await model.insertOne({ ...unhashed, hash }, { session });
      const set = { seq: unhashed._id, hash };
      await heads.updateOne({ _id: 'head' }, { $set: set }, { session, upsert: true });
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
