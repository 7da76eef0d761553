/**
 * The collection `serviceKeys`: the keys of service accounts. Of a key only its hash is kept. An
 * account has two slots for keys, so that a new key can be handed out before the old one goes.
 */
import { randomBytes } from 'node:crypto';
import { type ClientSession, type Connection, Schema } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { createAuditLog } from '../audit-log.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { hashOf, newSecret } from './secret.ts';
import type { StaffContext } from './staff.ts';
import { userModel } from './user-record.ts';

/** What every key begins with: scanners for leaked secrets find it by that. */
export const KEY_START = 'lrl_';

/** How much of a key lists show, in characters: enough to tell two keys apart. */
const PREFIX_LENGTH = KEY_START.length + 6;

/** How many keys of an account may be live at once. */
const SLOTS = [0, 1] as const;

/** How long lists show an expired key, in seconds: an admin sees why a server is refused. */
const EXPIRED_SHOWN_S = 30 * 24 * 60 * 60;

/** A key as lists show it. */
export interface ServiceKey {
  keyId: string;
  userId: string;
  /** The first characters of the key. */
  prefix: string;
  createdAt: Date;
  /** Null: it does not expire. */
  expiresAt: Date | null;
  /** The last use, as far as it was written: see `noteUse`. */
  lastUsedAt: Date | null;
}

interface Stored extends Omit<ServiceKey, 'keyId'> {
  _id: string;
  slot: (typeof SLOTS)[number];
  hash: string;
}

const schema = new Schema<Stored>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    slot: { type: Number, required: true },
    hash: { type: String, required: true },
    prefix: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: Date,
    lastUsedAt: Date,
  },
  { collection: 'serviceKeys', versionKey: false, strict: 'throw' },
);
schema.index({ userId: 1, slot: 1 }, { name: 'slot', unique: true });
schema.index({ hash: 1 }, { name: 'hash', unique: true });
schema.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: EXPIRED_SHOWN_S });

export type ServiceKeyStore = ReturnType<typeof createServiceKeyStore>;

/** The keys, over the collection `serviceKeys`. */
export function createServiceKeyStore(connection: Connection) {
  const model = connection.model<Stored>('ServiceKey', schema);
  const users = userModel(connection);
  const audit = createAuditLog(connection);

  /** @throws DomainError `not_found` where it is no service account */
  async function assertAccount(userId: string, session?: ClientSession): Promise<void> {
    const isOne = { _id: userId, isService: true as const };
    const found = await users.exists(isOne).session(session ?? null);
    if (!found) throw new DomainError('not_found', 'There is no service account with this ID.');
  }

  /** A slot that no live key has; an expired key gives its slot up. @throws DomainError `conflict` */
  async function freeSlot(userId: string, now: Date, session: ClientSession) {
    await model.deleteMany({ userId, expiresAt: { $lte: now } }, { session });
    const taken = await model.find({ userId }, { slot: 1 }, { session }).lean<Stored[]>();
    const slot = SLOTS.find((one) => !taken.some((key) => key.slot === one));
    if (slot !== undefined) return slot;
    throw new DomainError('conflict', 'This account has two live keys. Delete one first.');
  }

  return {
    model,

    /**
     * Makes a key. Two that are made at once cannot take one slot: the unique index refuses the
     * second, whose transaction starts again.
     * @returns the key itself, which is kept nowhere, and its record
     * @throws DomainError `not_found`; `conflict` where two keys are live
     */
    async create(
      staff: StaffContext,
      userId: string,
      expiresAt: Date | null,
      now: Date,
    ): Promise<{ key: string; record: ServiceKey }> {
      const key = `${KEY_START}${newSecret()}`;
      const prefix = key.slice(0, PREFIX_LENGTH);
      const _id = `key_${randomBytes(12).toString('hex')}`;
      return await inTransaction(connection, async (session) => {
        await assertAccount(userId, session);
        const slot = await freeSlot(userId, now, session);
        const times = { createdAt: now, expiresAt, lastUsedAt: null };
        const stored: Stored = { _id, userId, slot, hash: hashOf(key), prefix, ...times };
        await model.insertOne(stored, { session });
        await audit.append(
          { ...staff, session },
          { action: 'service_key.create', targetId: userId, before: null, after: audited(stored) },
        );
        return { key, record: toKey(stored) };
      });
    },

    /** The keys of an account, newest first. @throws DomainError `not_found` */
    async list(userId: string): Promise<ServiceKey[]> {
      await assertAccount(userId);
      const found = await model.find({ userId }).lean<Stored[]>();
      return found.map(toKey).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    },

    /** Deletes a key of an account. @throws DomainError `not_found` */
    async remove(staff: StaffContext, userId: string, keyId: string): Promise<void> {
      await inTransaction(connection, async (session) => {
        await assertAccount(userId, session);
        const removed = await model
          .findOneAndDelete({ _id: keyId, userId }, { session })
          .lean<Stored>();
        if (!removed) throw new DomainError('not_found', 'This account has no key with this ID.');
        await audit.append(
          { ...staff, session },
          { action: 'service_key.delete', targetId: userId, before: audited(removed), after: null },
        );
      });
    },

    /** The record of a key by its hash; null where there is none. It may have expired. */
    async findByHash(hash: string): Promise<ServiceKey | null> {
      const found = await model.findOne({ hash }).lean<Stored>();
      return found && toKey(found);
    },

    /** Writes when a key was used. A later use stays, and a deleted key stays deleted. */
    async noteUse(keyId: string, at: Date): Promise<void> {
      await model.updateOne({ _id: keyId }, { $max: { lastUsedAt: at } });
    },
  };
}

function toKey({ _id, userId, prefix, createdAt, ...stored }: Stored): ServiceKey {
  const { expiresAt = null, lastUsedAt = null } = stored;
  return { keyId: _id, userId, prefix, createdAt, expiresAt, lastUsedAt };
}

/** What the audit log says about a key. */
const audited = ({ _id: keyId, prefix, expiresAt = null }: Stored) => ({
  keyId,
  prefix,
  expiresAt,
});
