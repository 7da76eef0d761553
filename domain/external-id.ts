/**
 * External IDs: how a user of a trusted issuer is named, `ext:{issuer name}:{subject}`. They stand
 * wherever a user's ID does.
 */
import { readText } from './text.ts';

/** How an external ID begins. No ID of ours and no username begins so. */
const PREFIX = 'ext:';

/** The name of a trusted issuer. It is a part of its users' IDs, so it must never change. */
export const ISSUER_NAME = /^[a-z0-9_-]{1,64}$/;

/** The longest subject, in characters: as OpenID Connect Core says. */
const MAX_SUBJECT_LENGTH = 255;

/** The longest external ID, in characters; IDs of ours are shorter. */
export const MAX_USER_ID_LENGTH = PREFIX.length + 64 + 1 + MAX_SUBJECT_LENGTH;

/** Visible characters without blanks. U+200D joins emoji: elsewhere `readText` refuses it. */
const SUBJECT = /^[^\s\p{C}\u200d]+(?:\u200d[^\s\p{C}\u200d]+)*$/u;

/** Whether a text means to be an external ID, right or wrong. */
export const isExternalId = (text: string): boolean => text.startsWith(PREFIX);

/**
 * The external ID of an issuer's subject.
 * @returns null for a subject that is empty, too long, not in NFC, or not all visible. Two subjects
 *   that differ only in their Unicode form must not become one user.
 */
export function externalIdOf(issuer: string, subject: string): string | null {
  const read = readText(subject, 'LINE', [1, MAX_SUBJECT_LENGTH]);
  if ('fault' in read || read.text !== subject || !SUBJECT.test(subject)) return null;
  return `${PREFIX}${issuer}:${subject}`;
}

/** An external ID that was read, or what is wrong with it in words for a person. */
export type ExternalIdRead = { externalId: string } | { fault: string };

/**
 * Reads an external ID; its subject becomes NFC.
 * @param issuers the names of the trusted issuers
 */
export function readExternalId(text: string, issuers: ReadonlySet<string>): ExternalIdRead {
  const [, issuer = '', subject = ''] = /^ext:([^:]*):(.*)$/s.exec(text) ?? [];
  const externalId = ISSUER_NAME.test(issuer) && externalIdOf(issuer, subject.normalize('NFC'));
  if (!externalId) {
    const rule = `a subject of 1 to ${MAX_SUBJECT_LENGTH} visible characters without blanks`;
    return { fault: `Not ext:{issuer name}:{subject}, with ${rule}` };
  }
  return issuers.has(issuer) ? { externalId } : { fault: `No trusted issuer is named ${issuer}` };
}
