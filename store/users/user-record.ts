/** A user's record: its fields, its indexes, and its values at the start. */
import { randomBytes } from 'node:crypto';
import { type Connection, Schema } from 'mongoose';
import type { Role, ServiceRole, UserStatus } from '../../domain/user.ts';

/** The sign-in that stays when a user ends all others. */
export interface KeptSignIn {
  /** The sign-in's ID, as its tokens name it. */
  signInId: string;
  /** Its tokens from this token epoch on stay valid… */
  sinceEpoch: number;
  /** …as long as this is the user's token epoch: any later change ends them too. */
  underEpoch: number;
}

/** A user without the hash of the password. */
export interface User {
  userId: string;
  username: string;
  displayName: string;
  /** `ext:{issuer name}:{subject}` of a trusted issuer's user; null for all others. */
  externalId: string | null;
  role: Role;
  /** When the token was issued that last changed the role; null if none did: see `takeMappedRole`. */
  roleFrom: Date | null;
  status: UserStatus;
  /** When the status was set, by the clock of whoever set it. */
  statusAt: Date;
  /** Whether it is a service account, which signs in with keys and has no password. */
  isService: boolean;
  /** Grows with every change of role or status. Tokens with an older epoch are invalid. */
  tokenEpoch: number;
  /** The sign-in that stayed when the user ended all others; null where none did. */
  keptSignIn: KeptSignIn | null;
  /** The IDs of the sign-ins that ended last: their access tokens are no longer valid. */
  endedSignIns: string[];
  createdAt: Date;
  updatedAt: Date;
  /** When the user's personal data were erased; absent where they were not. */
  erasedAt?: Date;
}

/** A user as sign-in needs it. */
export interface UserWithHash extends User {
  /** Null: nobody signs in to this user with a password. */
  passwordHash: string | null;
}

export interface NewUser {
  username: string;
  displayName: string;
  passwordHash: string;
}

/** A user as the collection has it. */
export type UserDocument = Omit<
  UserWithHash,
  | 'userId'
  | 'passwordHash'
  | 'externalId'
  | 'roleFrom'
  | 'isService'
  | 'keptSignIn'
  | 'endedSignIns'
> & {
  _id: string;
  passwordHash?: string;
  externalId?: string;
  roleFrom?: Date;
  isService?: true;
  keptSignIn?: KeptSignIn | null;
  endedSignIns?: string[];
  /** The unique form of the name; see `usernameKey`. */
  usernameKey: string;
  /** How often this admin was the one left when another was removed; see `keepAnAdmin`. */
  timesKept?: number;
};

const schema = new Schema<UserDocument>(
  {
    _id: { type: String, required: true },
    username: { type: String, required: true },
    usernameKey: { type: String, required: true },
    displayName: { type: String, required: true },
    passwordHash: String,
    externalId: String,
    roleFrom: Date,
    isService: Boolean,
    keptSignIn: Object,
    endedSignIns: { type: [String], default: undefined },
    role: { type: String, required: true },
    status: { type: String, required: true },
    statusAt: { type: Date, required: true },
    tokenEpoch: { type: Number, required: true },
    timesKept: Number,
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    erasedAt: Date,
  },
  { collection: 'users', versionKey: false, strict: 'throw' },
);
/** Newest first; the ID decides between users of the same time. */
export const NEWEST = { createdAt: -1, _id: -1 } as const;
/** The order of the list by name. */
export const BY_NAME = { usernameKey: 1 } as const;
schema.index({ usernameKey: 1 }, { name: 'username', unique: true });
schema.index({ externalId: 1 }, { name: 'external_id', unique: true, sparse: true });
schema.index(NEWEST, { name: 'newest' });
schema.index({ role: 1, ...NEWEST }, { name: 'role' });
schema.index({ status: 1, ...NEWEST }, { name: 'status' });
schema.index(
  { isService: 1, ...NEWEST },
  { name: 'service_accounts', partialFilterExpression: { isService: true } },
);

/** Leaves the hash of the password out of a read. */
export const WITHOUT_HASH = { passwordHash: 0 } as const;

/** The collection with its indexes. */
export const userModel = (connection: Connection) => connection.model<UserDocument>('User', schema);

/** The record of a new user. */
export function newRecord(user: NewUser, role: Role, now: Date): UserDocument {
  return {
    ...newBase(role, now),
    username: user.username,
    usernameKey: usernameKey(user.username),
    displayName: user.displayName,
    passwordHash: user.passwordHash,
  };
}

/** The record of a trusted issuer's user, a player without a password. */
export function newExternalRecord(externalId: string, now: Date): UserDocument {
  const base = newBase('PLAYER', now);
  return {
    ...base,
    username: externalId,
    // No registered name has a line break, and subjects may differ only in their case. So this key
    // is never taken, and only the index on external IDs decides who is made.
    usernameKey: `${usernameKey(externalId)}\n${base._id}`,
    displayName: externalId,
    externalId,
    // Nobody has said it yet: the game's first report counts, also one from before this moment.
    statusAt: new Date(0),
  };
}

/**
 * The record of a user without their personal data. Only the fields named here stay, so a field
 * that is added to the record goes too, unless it is added here. The name is random, so that nobody
 * can take it before.
 */
export function erasedRecord(user: UserDocument, now: Date): UserDocument {
  const { _id, role, status, statusAt, tokenEpoch, timesKept, createdAt } = user;
  const name = `erased-${randomBytes(12).toString('hex')}`;
  return {
    _id,
    username: name,
    usernameKey: usernameKey(name),
    displayName: name,
    role,
    status,
    statusAt,
    tokenEpoch: tokenEpoch + 1,
    ...(timesKept !== undefined && { timesKept }),
    createdAt,
    updatedAt: now,
    erasedAt: now,
  };
}

/** The record of a new service account, which has no password. */
export function newServiceRecord(name: string, role: ServiceRole, now: Date): UserDocument {
  return {
    ...newBase(role, now),
    username: name,
    usernameKey: usernameKey(name),
    displayName: name,
    isService: true,
  };
}

const newBase = (role: Role, now: Date) => ({
  _id: `usr_${randomBytes(12).toString('hex')}`,
  role,
  status: 'ACTIVE' as const,
  statusAt: now,
  tokenEpoch: 0,
  createdAt: now,
  updatedAt: now,
});

/** The unique form of a username: compatibility forms and letter case make no difference. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** The user without the hash of the password. */
export function toUser(stored: UserDocument): User {
  const { _id, username, displayName, externalId = null, role, roleFrom = null, status } = stored;
  const { statusAt, isService = false, tokenEpoch, keptSignIn = null } = stored;
  const { endedSignIns = [] } = stored;
  const { createdAt, updatedAt, erasedAt } = stored;
  return {
    userId: _id,
    username,
    displayName,
    externalId,
    role,
    roleFrom,
    status,
    statusAt,
    isService,
    tokenEpoch,
    keptSignIn,
    endedSignIns,
    createdAt,
    updatedAt,
    ...(erasedAt && { erasedAt }),
  };
}
