/** The public keys of one trusted issuer, fetched from its `jwks_uri` and kept. */
import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { DomainError } from '../../domain/errors.ts';

/** After this age keys are fetched again, beside the requests, in milliseconds. */
const FRESH_MS = 600_000;

/**
 * The oldest keys that are used, in milliseconds: so long an issuer may be away, and so long a key
 * that it has withdrawn counts while it is away.
 */
const OLDEST_MS = 3_600_000;

/** The pause between two fetches for keys that are there or for an unknown `kid`, in milliseconds. */
const COOLDOWN_MS = 30_000;

/** The pause after a failed fetch while there are no keys at all, in milliseconds. */
const RETRY_MS = 2_000;

/** The longest wait for the keys, in milliseconds, to the last byte. */
const TIMEOUT_MS = 5_000;

/** The most bytes of a key set; those of large identity providers have 30 KiB. */
const MOST_BYTES = 262_144;

type KeySet = ReturnType<typeof createLocalJWKSet>;

export type IssuerKeys = ReturnType<typeof createIssuerKeys>;

/**
 * @param onTrouble receives why the keys could not be fetched
 * @param nowMs milliseconds on a clock that never goes back
 */
export function createIssuerKeys(
  url: string,
  onTrouble: (error: unknown) => void,
  nowMs: () => number = () => performance.now(),
) {
  let kept: { keys: KeySet; atMs: number } | undefined;
  let fetching: Promise<KeySet> | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let hasFailed = false;

  /** Fetches the keys. Those who ask meanwhile share the fetch. @throws DomainError `unavailable` */
  function load(): Promise<KeySet> {
    if (fetching) return fetching;
    lastMs = nowMs();
    fetching = fetchKeys(url)
      .then((keys) => {
        kept = { keys, atMs: lastMs };
        hasFailed = false;
        return keys;
      })
      .catch((cause: unknown) => {
        hasFailed = true;
        onTrouble(cause);
        throw unavailable(RETRY_MS, cause);
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  const pauseLeftMs = (pauseMs: number) => lastMs + pauseMs - nowMs();

  /** The keys that may be used now. @throws DomainError `unavailable` where there are none */
  async function usable(): Promise<KeySet> {
    const ageMs = kept ? nowMs() - kept.atMs : Number.POSITIVE_INFINITY;
    if (!kept || ageMs > OLDEST_MS) {
      const leftMs = hasFailed && !fetching ? pauseLeftMs(RETRY_MS) : 0;
      if (leftMs > 0) throw unavailable(leftMs);
      return await load();
    }
    // A failure is reported by `load`; the keys that are there go on counting meanwhile.
    if (ageMs > FRESH_MS && pauseLeftMs(COOLDOWN_MS) <= 0) load().catch(() => {});
    return kept.keys;
  }

  return {
    /** Fetches the keys before the first token comes. It never fails. */
    prefetch(): void {
      usable().catch(() => {});
    },

    /**
     * The key that a token names, for `jwtVerify`. For an unknown one the keys are fetched again, at
     * most once in 30 s.
     * @throws DomainError `unavailable` where it is not known whether the issuer has that key
     * @throws JWKSNoMatchingKey, JWKSMultipleMatchingKeys
     */
    async find(header: JWTHeaderParameters, token: FlattenedJWSInput) {
      try {
        return await (await usable())(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const leftMs = fetching ? 0 : pauseLeftMs(COOLDOWN_MS);
        if (leftMs <= 0) return await (await load())(header, token);
        throw hasFailed ? unavailable(leftMs) : error;
      }
    },
  };
}

function unavailable(inMs: number, cause?: unknown): DomainError {
  return new DomainError('unavailable', 'The keys of your token’s issuer cannot be fetched now.', {
    retryAfterS: Math.max(1, Math.ceil(inMs / 1_000)),
    cause,
  });
}

/** Follows no redirect: the keys are those of the configured address alone. */
async function fetchKeys(url: string): Promise<KeySet> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key set was answered ${response.status}`);
  }
  return createLocalJWKSet(JSON.parse(await textOf(response)) as JSONWebKeySet);
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the key set has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
