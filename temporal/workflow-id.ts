/** A claim's workflow ID: player and key, so that an admin finds the run by the key that a player quotes. */
import { createHash } from 'node:crypto';

/** Temporal's SQL stores hold 255 bytes. The rest is for suffixes that the server adds. */
const LONGEST_ID_BYTES = 200;

/** A key that looks like a hash is hashed too. Otherwise it could share the run of the key with that hash. */
const LIKE_A_HASH = /^sha256-[0-9a-f]{64}$/;

/** `claim/{userId}/{idempotencyKey}`, each part URI-encoded; a long key is replaced by its hash. */
export function workflowIdOf(userId: string, idempotencyKey: string): string {
  const prefix = `claim/${encodeURIComponent(userId)}/`;
  const id = prefix + encodeURIComponent(idempotencyKey);
  // The encoded text is ASCII: one byte a character.
  if (id.length <= LONGEST_ID_BYTES && !LIKE_A_HASH.test(idempotencyKey)) return id;
  return `${prefix}sha256-${createHash('sha256').update(idempotencyKey).digest('hex')}`;
}
