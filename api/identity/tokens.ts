/** Access tokens: JWTs (RFC 9068), signed with the first key and verified with all of them. */
import { randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { DomainError } from '../../domain/errors.ts';

const ISSUER = 'laurel';
const AUDIENCE = 'laurel-api';
const TYPE = 'at+jwt';

/** The algorithm of each kind of key. A key of another kind is refused at start-up. */
const ALGORITHMS: { readonly [kind: string]: string } = {
  'OKP/Ed25519': 'EdDSA',
  'EC/P-256': 'ES256',
};

interface AccessClaims {
  userId: string;
  /** The sign-in it belongs to: it may stay when the user ends all others. */
  signInId?: string;
  /** The user's token epoch when the token was issued: a change of role or status raises it. */
  epoch: number;
}

/** A verified token, or a verified key. */
export interface Verified extends AccessClaims {
  /** The hash of a service account's key; such a token has no epoch. */
  keyHash?: string;
  /** When it expires: at that moment it is not valid any more. */
  expiresAt: Date;
}

export interface Tokens {
  /** Lifetime of an access token, in seconds. */
  readonly ttlS: number;
  /** The public keys, as `/.well-known/jwks.json` shows them. */
  readonly jwks: JSONWebKeySet;
  /** A new signed token. */
  issue(claims: AccessClaims): Promise<string>;
  /** @throws DomainError `token_expired`, or `unauthenticated` for anything else */
  verify(token: string): Promise<Verified>;
  /** How long a verified token is still valid, in milliseconds; 0 or less if it has expired. */
  leftMs(token: Verified): number;
}

/**
 * @param settings.keys private JWKs (Ed25519 or P-256); the first signs
 * @param settings.now the clock of issue and expiry
 * @throws Error if a key is of another kind, or if there is none
 */
export async function createTokens(settings: {
  keys: readonly JWK[];
  ttlS: number;
  now: () => Date;
}): Promise<Tokens> {
  const { keys, ttlS, now } = settings;
  const [signer] = keys;
  if (!signer) throw new Error('JWT_KEYS holds no key');
  const jwks: JSONWebKeySet = { keys: await Promise.all(keys.map(publicKey)) };
  const header = { alg: algorithmOf(signer), kid: jwks.keys[0]?.kid ?? '', typ: TYPE };
  const privateKey = await importJWK(signer, header.alg);
  const findKey = createLocalJWKSet(jwks);

  return {
    ttlS,
    jwks,
    async issue({ userId, epoch, signInId }) {
      const issuedAtS = Math.floor(now().getTime() / 1000);
      return await new SignJWT({ epoch, ...(signInId !== undefined && { sid: signInId }) })
        .setProtectedHeader(header)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + ttlS)
        .sign(privateKey);
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, findKey, {
          algorithms: Object.values(ALGORITHMS),
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          requiredClaims: ['sub', 'iat', 'exp', 'jti', 'epoch'],
          currentDate: now(),
        });
        return verified(payload);
      } catch (error) {
        throw refusalOf(error);
      }
    },
    leftMs: ({ expiresAt }) => expiresAt.getTime() - now().getTime(),
  };
}

function verified({ sub, epoch, sid, exp }: JWTPayload): Verified {
  if (typeof sub !== 'string' || typeof epoch !== 'number' || exp === undefined) {
    throw new errors.JWTInvalid('a claim has the wrong type');
  }
  const token = { userId: sub, epoch, expiresAt: new Date(exp * 1_000) };
  return typeof sid === 'string' ? { ...token, signInId: sid } : token;
}

function refusalOf(cause: unknown): DomainError {
  return cause instanceof errors.JWTExpired
    ? new DomainError('token_expired', 'The access token has expired.', { cause })
    : new DomainError('unauthenticated', 'The access token is not valid.', { cause });
}

function algorithmOf(key: JWK): string {
  const algorithm = ALGORITHMS[`${key.kty}/${key.crv}`];
  if (!algorithm) throw new Error(`JWT_KEYS: ${key.kty}/${key.crv} is not Ed25519 or P-256`);
  return algorithm;
}

/** The public part of a key: the private part `d` must not leave the process. */
async function publicKey(key: JWK): Promise<JWK> {
  const alg = algorithmOf(key);
  const { kty, crv, x, y } = key as { kty: string; crv: string; x: string; y?: string };
  const point = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
  return { ...point, kid: key.kid ?? (await calculateJwkThumbprint(point)), alg, use: 'sig' };
}
