/**
 * What the peers' saga grants: a mail, one document a grant. Laurel's own mail is the claim's line; a
 * saga that keeps its record elsewhere writes one.
 */
import type { Connection } from 'mongoose';
import { isDuplicateKey } from '../../../store/mongodb/connection.ts';

interface Mail {
  /** `{claimId}:{rewardId}` */
  _id: string;
  state: 'GRANTED' | 'REVOKED';
  eventId?: string;
}

const mailsOf = (connection: Connection) => connection.collection<Mail>('peer_mails');

/** Keyed by the grant; false where it was revoked before it came. */
export async function sendMail(
  connection: Connection,
  mail: { grantId: string; userId: string; eventId: string; reward: object },
): Promise<boolean> {
  const mails = mailsOf(connection);
  const { grantId: _id, ...rest } = mail;
  try {
    await mails.insertOne({ _id, state: 'GRANTED', ...rest });
    return true;
  } catch (error) {
    if (!isDuplicateKey(error, mails)) throw error;
    return (await mails.findOne({ _id }))?.state === 'GRANTED';
  }
}

/** Leaves a tombstone, so that a mail that comes late finds its place taken. */
export async function revokeMail(connection: Connection, grantId: string): Promise<void> {
  const revoked = { $set: { state: 'REVOKED' as const } };
  await mailsOf(connection).updateOne({ _id: grantId }, revoked, { upsert: true });
}

export async function countMails(connection: Connection, eventId: string): Promise<number> {
  return await mailsOf(connection).countDocuments({ eventId, state: 'GRANTED' });
}
