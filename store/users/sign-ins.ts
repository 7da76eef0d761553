/** Ending a user's sign-ins, where what they sign in with changes. */
import type { ClientSession, Connection } from 'mongoose';
import { DomainError } from '../../domain/errors.ts';
import { refreshFamilyModel } from './refresh-tokens.ts';
import { type KeptSignIn, type UserDocument, userModel } from './user-record.ts';

/** What is written on the user's record with it. */
type Fields = Partial<Pick<UserDocument, 'passwordHash'>>;

/** @returns a function that ends sign-ins within a transaction */
export function createSignInEnder(connection: Connection) {
  const users = userModel(connection);
  const families = refreshFamilyModel(connection);

  /**
   * Ends a user's sign-ins by a new token epoch, and writes fields of their record with it.
   * @param keep the ID of the sign-in that stays; null where all end
   * @returns the new token epoch
   * @throws DomainError `not_found`
   */
  return async function endSignIns(
    user: { userId: string; keep: string | null; fields?: Fields; now: Date },
    session: ClientSession,
  ): Promise<number> {
    const { userId, keep, fields = {}, now } = user;
    const before = await users.findById(userId, null, { session }).lean<UserDocument>();
    if (!before) throw new DomainError('not_found', 'There is no user with this ID.');
    const tokenEpoch = before.tokenEpoch + 1;
    const keptSignIn = keep === null ? null : keptOf(before, keep);
    await users.updateOne(
      { _id: userId },
      { $set: { ...fields, keptSignIn, tokenEpoch, updatedAt: now } },
      { session },
    );
    if (keep !== null) {
      await families.updateOne({ _id: keep }, { $set: { epoch: tokenEpoch } }, { session });
    }
    return tokenEpoch;
  };
}

function keptOf({ tokenEpoch, keptSignIn }: UserDocument, signInId: string): KeptSignIn {
  const isKeptAlready = keptSignIn?.signInId === signInId && keptSignIn.underEpoch === tokenEpoch;
  const sinceEpoch = isKeptAlready ? keptSignIn.sinceEpoch : tokenEpoch;
  return { signInId, sinceEpoch, underEpoch: tokenEpoch + 1 };
}
