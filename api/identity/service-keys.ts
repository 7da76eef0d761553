/** The keys of service accounts as bearer tokens. */
import type { Logger } from 'pino';
import { BoundedMap } from '../../domain/bounded-map.ts';
import { DomainError } from '../../domain/errors.ts';
import { hashOf } from '../../store/users/secret.ts';
import {
  KEY_START,
  type ServiceKey,
  type ServiceKeyStore,
} from '../../store/users/service-keys.ts';
import { type Client, countedAs } from './client-address.ts';
import type { RateLimits } from './rate-limits.ts';
import { createShortCache } from './short-cache.ts';
import type { Verified } from './tokens.ts';

/** How often a process writes that a key was used, in milliseconds: at most once a minute. */
const NOTE_EVERY_MS = 60_000;

/** Keys whose last note is remembered; past it the oldest is noted once more than needed. */
const MOST_NOTED = 10_000;

/** When a token of a key without an expiry ends: the last moment that a `Date` can hold. */
const NEVER = new Date(8.64e15);

export interface ServiceKeys {
  /** Whether a bearer token looks like a key. */
  isKey(token: string): boolean;
  /**
   * The account of a key. A key is found by its hash, so no comparison tells how much of it fits.
   * @throws DomainError `unauthenticated`; `token_expired`; `rate_limited` after too many unknown
   *   keys from one address, except for a key that this process has lately seen to be good
   */
  verify(key: string, client: Client): Promise<Verified>;
  /** Whether the key of a verified token is still there, as read within the last half second. */
  isLive(keyHash: string): Promise<boolean>;
  /** Forgets what was read of keys, so that this process sees its own deletion at once. */
  forget(keyId: string): void;
}

interface ServiceKeyDeps {
  store: Pick<ServiceKeyStore, 'findByHash' | 'noteUse'>;
  rateLimits: Pick<RateLimits, 'unknownKeys'>;
  log: Logger;
  now: () => Date;
  /** Milliseconds on a clock that never goes back, for the cache; the process's unless given. */
  nowMs?: () => number;
}

export function createServiceKeys({ store, rateLimits, log, now, nowMs }: ServiceKeyDeps) {
  const keys = createShortCache(store.findByHash, nowMs);
  const hashes = new BoundedMap<string, string>(MOST_NOTED);
  const noted = new BoundedMap<string, number>(MOST_NOTED);

  function noteUse({ keyId }: ServiceKey): void {
    const at = now();
    if (at.getTime() - (noted.get(keyId) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    noted.set(keyId, at.getTime());
    store.noteUse(keyId, at).catch((err) => log.warn({ err, keyId }, 'use of a key not noted'));
  }

  async function find(hash: string): Promise<ServiceKey | null> {
    const key = await keys.get(hash);
    // Unknown keys are not kept, or anybody could fill the cache with them.
    if (key === null) keys.forget(hash);
    else hashes.set(key.keyId, hash);
    return key;
  }

  /** Counted before it is looked up, so that no number of requests at once passes the limit. */
  async function findUnseen(hash: string, client: Client): Promise<ServiceKey | null> {
    const address = countedAs(client);
    if (address === undefined) return await find(hash);
    await rateLimits.unknownKeys.take(address);
    const key = await find(hash);
    if (key) await rateLimits.unknownKeys.giveBack(address);
    return key;
  }

  return {
    isKey: (token) => token.startsWith(KEY_START),

    async verify(token, client) {
      const hash = hashOf(token);
      const key = keys.wasThere(hash) ? await find(hash) : await findUnseen(hash, client);
      if (!key) throw new DomainError('unauthenticated', 'This key is not valid.');
      if (isExpired(key)) throw new DomainError('token_expired', 'This key has expired.');
      noteUse(key);
      return { userId: key.userId, epoch: 0, expiresAt: key.expiresAt ?? NEVER, keyHash: hash };
    },

    async isLive(keyHash) {
      const key = await find(keyHash);
      return key !== null && !isExpired(key);
    },

    forget(keyId) {
      const hash = hashes.get(keyId);
      if (hash !== undefined) keys.forget(hash);
    },
  } satisfies ServiceKeys;

  function isExpired({ expiresAt }: ServiceKey): boolean {
    return expiresAt !== null && expiresAt <= now();
  }
}
