/**
 * The collections `guesses` and `knownAddresses`: how often somebody guessed wrong, counted over all
 * processes, and from where each user has signed in. Names and addresses are in neither, only hashes
 * of them.
 */
import { type Connection, Schema } from 'mongoose';
import { RateLimiterMongo } from 'rate-limiter-flexible';
import { hashOf } from './secret.ts';

/** A count, as `RateLimiterMongo` writes it. */
interface Count {
  key: string;
  points: number;
  expire: Date;
}

const counts = new Schema<Count>(
  {
    key: { type: String, required: true },
    points: { type: Number, required: true },
    expire: { type: Date, required: true },
  },
  { collection: 'guesses', versionKey: false, strict: 'throw' },
);
counts.index({ key: 1 }, { name: 'key', unique: true });
counts.index({ expire: 1 }, { name: 'expiry', expireAfterSeconds: 0 });

interface KnownAddress {
  /** The user's ID, and the hash of it with the address. */
  _id: string;
  expiresAt: Date;
}

const addresses = new Schema<KnownAddress>(
  { _id: { type: String, required: true }, expiresAt: { type: Date, required: true } },
  { collection: 'knownAddresses', versionKey: false, strict: 'throw' },
);
addresses.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: 0 });

/** How long an address stays known without a sign-in, in milliseconds: 90 days. */
const KNOWN_MS = 90 * 24 * 60 * 60 * 1_000;

export type GuessStore = ReturnType<typeof createGuessStore>;

/** The counts and the known addresses. */
export function createGuessStore(connection: Connection) {
  connection.model<Count>('Guess', counts);
  const known = connection.model<KnownAddress>('KnownAddress', addresses);

  return {
    knownAddresses: known,

    /**
     * A counter over all processes.
     * @param keyPrefix its name
     * @param allowance how many points in how many seconds
     */
    counter(keyPrefix: string, allowance: { points: number; duration: number }) {
      return new RateLimiterMongo({
        storeClient: connection.getClient(),
        dbName: connection.name,
        tableName: 'guesses',
        disableIndexesCreation: true,
        keyPrefix,
        ...allowance,
      });
    },

    /** Whether a user has signed in from this address lately. */
    async isKnown(userId: string, address: string, now: Date): Promise<boolean> {
      const _id = knownIdOf(userId, address);
      return (await known.exists({ _id, expiresAt: { $gt: now } })) !== null;
    },

    /** Writes that a user has signed in from this address. */
    async noteKnown(userId: string, address: string, now: Date): Promise<void> {
      const expiresAt = new Date(now.getTime() + KNOWN_MS);
      const _id = knownIdOf(userId, address);
      await known.updateOne({ _id }, { $max: { expiresAt } }, { upsert: true });
    },
  };
}

const knownIdOf = (userId: string, address: string) =>
  `${userId} ${hashOf(`${userId} ${address}`)}`;
