/**
 * What the peers' saga grants: a mail, one document for each grant. Laurel writes none, as its mail
 * is the claim's line. A saga that keeps its record elsewhere has to write one.
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

/** Sends a mail, once for each grant ID. False if it was revoked before. */
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

/** Revokes a mail. Without one it leaves a tombstone, so that a late mail is refused. */
export async function revokeMail(connection: Connection, grantId: string): Promise<void> {
  const revoked = { $set: { state: 'REVOKED' as const } };
  await mailsOf(connection).updateOne({ _id: grantId }, revoked, { upsert: true });
}

/** How many mails of an event were granted. */
export async function countMails(connection: Connection, eventId: string): Promise<number> {
  return await mailsOf(connection).countDocuments({ eventId, state: 'GRANTED' });
}
