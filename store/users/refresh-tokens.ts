/**
 * The collection `refreshFamilies`: one record for each sign-in, with the hash of its one valid
 * token. Any other token of the family was used before.
 */
import type { Connection } from 'mongoose';
import { Schema } from 'mongoose';
import { isStaff, type Role } from '../../domain/user.ts';
import { hashOf, newSecret } from './secret.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/** When a sign-in ends, in milliseconds. */
interface Lifetime {
  /** So long after its last use… */
  idleMs: number;
  /** …and so long after its beginning, however often it is used. */
  totalMs: number;
}

/** Why so long: docs/security.md. Staff may do more, so they sign in again each day and each week. */
const OF_STAFF: Lifetime = { idleMs: 12 * HOUR_MS, totalMs: 7 * DAY_MS };
const OF_OTHERS: Lifetime = { idleMs: 30 * DAY_MS, totalMs: 90 * DAY_MS };

/** How long any refresh token is valid after it was issued, at most, in milliseconds. */
export const REFRESH_TOKEN_TTL_MS = OF_OTHERS.idleMs;

/** Whose sign-in it is, and their token epoch at that time. */
interface Holder {
  userId: string;
  epoch: number;
}

/**
 * `ROTATED`: the token was valid, and `token` replaces it. `REUSED`: the token was used before, so
 * the family has ended. `UNKNOWN`: there is no such family, or it has ended or expired.
 */
type Rotation =
  | { outcome: 'ROTATED'; token: string; holder: Holder }
  | { outcome: 'REUSED'; ended: EndedSignIn }
  | { outcome: 'UNKNOWN' };

/** A sign-in that has just ended. */
export interface EndedSignIn {
  userId: string;
  signInId: string;
}

interface Family extends Holder {
  /** SHA-256 of the token's first part. */
  _id: string;
  /** SHA-256 of the second part of the valid token. */
  current: string;
  createdAt: Date;
  expiresAt: Date;
  /** How long it lives; absent in sign-ins from before there was an end, which end as a player's. */
  lifetime?: Lifetime;
}

const schema = new Schema<Family>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    epoch: { type: Number, required: true },
    current: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    lifetime: { type: { idleMs: Number, totalMs: Number }, _id: false },
  },
  { collection: 'refreshFamilies', versionKey: false, strict: 'throw' },
);
schema.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: 0 });
schema.index({ userId: 1 }, { name: 'user' });

/** The collection with its indexes. */
export const refreshFamilyModel = (connection: Connection) =>
  connection.model<Family>('RefreshFamily', schema);

export type RefreshTokenStore = ReturnType<typeof createRefreshTokenStore>;

/** The refresh tokens, over the collection `refreshFamilies`. */
export function createRefreshTokenStore(connection: Connection) {
  const model = refreshFamilyModel(connection);

  async function endFamily(signInId: string): Promise<EndedSignIn | null> {
    const ended = await model.findOneAndDelete({ _id: signInId }).lean<Family>();
    return ended && { userId: ended.userId, signInId };
  }

  return {
    model,

    /**
     * Begins a family. It ends as is right for the role: a change of role ends it in any case.
     * @returns its first token
     */
    async issue({ userId, epoch, role }: Holder & { role: Role }, now: Date): Promise<string> {
      const lifetime = isStaff(role) ? OF_STAFF : OF_OTHERS;
      const family = newSecret();
      const secret = newSecret();
      await model.insertOne({
        _id: hashOf(family),
        userId,
        epoch,
        current: hashOf(secret),
        createdAt: now,
        expiresAt: new Date(now.getTime() + lifetime.idleMs),
        lifetime,
      });
      return `${family}.${secret}`;
    },

    /**
     * Replaces a token by a new one, in one atomic write. Of two requests with the same token one
     * gets the new token; the other one is a reuse, which ends the family.
     */
    async rotate(token: string, now: Date): Promise<Rotation> {
      const parts = parse(token);
      if (!parts) return { outcome: 'UNKNOWN' };
      const secret = newSecret();
      const rotated = await model
        .findOneAndUpdate(
          { _id: parts.family, current: parts.secret, expiresAt: { $gt: now } },
          [{ $set: { current: hashOf(secret), expiresAt: expiryFrom(now) } }],
          { updatePipeline: true },
        )
        .lean<Family>();
      if (rotated) {
        const holder = { userId: rotated.userId, epoch: rotated.epoch };
        return { outcome: 'ROTATED', token: `${familyOf(token)}.${secret}`, holder };
      }
      const ended = await endFamily(parts.family);
      return ended ? { outcome: 'REUSED', ended } : { outcome: 'UNKNOWN' };
    },

    /** The times of a user's sign-ins, of which a browser or a device may have the token. */
    async ofUser(userId: string): Promise<Pick<Family, 'createdAt' | 'expiresAt'>[]> {
      return await model
        .find({ userId }, { _id: 0, createdAt: 1, expiresAt: 1 })
        .lean<Pick<Family, 'createdAt' | 'expiresAt'>[]>();
    },

    /** Ends all families of a user. @returns how many there were */
    async endAllOf(userId: string): Promise<number> {
      return (await model.deleteMany({ userId })).deletedCount;
    },
    /** The ID of the sign-in that a valid refresh token belongs to. */
    signInIdOf: (token: string): string => hashOf(familyOf(token)),

    /** Ends the family of a token. @returns the sign-in; null where there is no such family */
    async end(token: string): Promise<EndedSignIn | null> {
      const parts = parse(token);
      return parts && (await endFamily(parts.family));
    },
  };
}

/** When a family ends that is used now, as an expression over its record: never past its whole life. */
function expiryFrom(now: Date) {
  const { idleMs, totalMs } = OF_OTHERS;
  const idleEnd = { $add: [now, { $ifNull: ['$lifetime.idleMs', idleMs] }] };
  const end = { $add: ['$createdAt', { $ifNull: ['$lifetime.totalMs', totalMs] }] };
  return { $min: [idleEnd, end] };
}

const familyOf = (token: string) => token.slice(0, token.indexOf('.'));

/** The hashes of a token's two parts, or null where it does not look like one of our tokens. */
function parse(token: string): { family: string; secret: string } | null {
  const match = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/.exec(token);
  return match?.[1] && match[2] ? { family: hashOf(match[1]), secret: hashOf(match[2]) } : null;
}
