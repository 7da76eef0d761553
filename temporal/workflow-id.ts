/** The workflow's ID: made of player and key, so that an admin finds a run by the key a player quotes. */
import { createHash } from 'node:crypto';

/** Temporal's SQL stores hold 255 bytes; the rest is left to the server's own suffixes. */
const LONGEST_ID_BYTES = 200;

/** A key of this form is hashed too, or it could be the hash of another and share that one's run. */
const LIKE_A_HASH = /^sha256-[0-9a-f]{64}$/;

/** `claim/{userId}/{idempotencyKey}`, each part URI-encoded; a long key is replaced by its hash. */
export function workflowIdOf(userId: string, idempotencyKey: string): string {
  const prefix = `claim/${encodeURIComponent(userId)}/`;
  const id = prefix + encodeURIComponent(idempotencyKey);
  // Encoded text is ASCII: a character is a byte.
  if (id.length <= LONGEST_ID_BYTES && !LIKE_A_HASH.test(idempotencyKey)) return id;
  return `${prefix}sha256-${createHash('sha256').update(idempotencyKey).digest('hex')}`;
}
