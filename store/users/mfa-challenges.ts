/** The collection `mfaChallenges`: sign-ins whose password was right, and that need one step more. */
import { type Connection, Schema } from 'mongoose';
import { hashOf, newSecret } from './secret.ts';

/** What every token of a challenge begins with: it is never taken for an access token. */
export const MFA_TOKEN_START = 'mfa_';

/** How long a challenge waits, in milliseconds: long enough to set up an authenticator. */
const CHALLENGE_TTL_MS = 10 * 60 * 1_000;

/**
 * `CODE`: a code is needed. `ENROL`: the user must set up a second factor first. `ENROLLED`: they
 * just did, and have shown a code for it.
 */
type ChallengeKind = 'CODE' | 'ENROL' | 'ENROLLED';

/** A sign-in that waits for its second step. */
export interface MfaChallenge {
  userId: string;
  /** The user's token epoch when it began. A later change ends it. */
  epoch: number;
  kind: ChallengeKind;
}

type Stored = MfaChallenge & {
  /** The hash of its token. */
  _id: string;
  expiresAt: Date;
};

const schema = new Schema<Stored>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    epoch: { type: Number, required: true },
    kind: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'mfaChallenges', versionKey: false, strict: 'throw' },
);
schema.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: 0 });

export type MfaChallengeStore = ReturnType<typeof createMfaChallengeStore>;

/** The challenges, over the collection `mfaChallenges`. */
export function createMfaChallengeStore(connection: Connection) {
  const model = connection.model<Stored>('MfaChallenge', schema);

  return {
    model,

    /** Begins a challenge. Returns its token. */
    async issue(challenge: MfaChallenge, now: Date): Promise<string> {
      const token = `${MFA_TOKEN_START}${newSecret()}`;
      const expiresAt = new Date(now.getTime() + CHALLENGE_TTL_MS);
      await model.insertOne({ ...challenge, _id: hashOf(token), expiresAt });
      return token;
    },

    /** The challenge of a token; null where there is none, or it has expired. */
    async find(token: string, now: Date): Promise<MfaChallenge | null> {
      const found = await model.findById(hashOf(token)).lean<Stored>();
      return found && found.expiresAt > now ? found : null;
    },

    /** Notes that its user has enrolled. @param epoch the user's new token epoch */
    async enrolled(token: string, epoch: number): Promise<void> {
      await model.updateOne(
        { _id: hashOf(token), kind: 'ENROL' },
        { $set: { kind: 'ENROLLED', epoch } },
      );
    },

    /** Ends a challenge. @returns whether it was there: of two at once, one ends it */
    async spend(token: string): Promise<boolean> {
      return (await model.deleteOne({ _id: hashOf(token) })).deletedCount === 1;
    },
  };
}
