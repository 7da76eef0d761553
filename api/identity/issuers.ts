/** Tokens of trusted issuers: which issuer a token is of, and what a verified one says. */
import { decodeJwt, errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import { externalIdOf } from '../../domain/external-id.ts';
import type { Role } from '../../domain/user.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { type RoleMapping, roleOf } from './role-mapping.ts';

/** An issuer as `TRUSTED_ISSUERS` names it. */
export interface IssuerSettings {
  name: string;
  issuer: string;
  jwksUrl: string;
  audience: string;
  algorithms: string[];
  roles?: RoleMapping | undefined;
}

/** What a verified token says. */
export interface ExternalIdentity {
  /** The issuer's name in the configuration. */
  issuer: string;
  externalId: string;
  expiresAt: Date;
  /** The role that the token gives; null where the issuer decides no roles. */
  mapped: { role: Role; from: Date } | null;
}

/** How far an issuer's clock may be ahead or behind, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/** Header parameters that point to a key of the token's own choice, or change what a token means. */
const REFUSED_PARAMETERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'] as const;

/** The types of a token that is sent alone: not those of logouts, proofs and security events. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/** Verifies the tokens of one issuer. */
interface TrustedIssuer {
  /**
   * @throws DomainError `token_expired`; `unavailable` where the issuer's keys cannot be fetched;
   *   `unauthenticated` for anything else
   */
  verify(token: string): Promise<ExternalIdentity>;
}

export type TrustedIssuers = ReturnType<typeof createTrustedIssuers>;

/**
 * @param deps.onTrouble receives why an issuer's keys could not be fetched
 * @param deps.nowMs milliseconds on a clock that never goes back
 */
export function createTrustedIssuers(
  settings: readonly IssuerSettings[],
  deps: {
    now: () => Date;
    onTrouble: (issuer: string, error: unknown) => void;
    nowMs?: () => number;
  },
) {
  const all = settings.map((one) => {
    const keys = createIssuerKeys(
      one.jwksUrl,
      (error) => deps.onTrouble(one.name, error),
      deps.nowMs,
    );
    const find: typeof keys.find = async (header, token) => {
      assertPlain(header);
      return await keys.find(header, token);
    };
    const verify = async (token: string) => {
      const now = deps.now();
      return identityIn(one, await verified(one, find, token, now), now);
    };
    return { issuer: one.issuer, keys, trusted: { verify } };
  });
  const byIssuer = new Map<unknown, TrustedIssuer>(all.map((one) => [one.issuer, one.trusted]));

  return {
    /** The names that external IDs may begin with. */
    names: new Set(settings.map(({ name }) => name)) as ReadonlySet<string>,

    /** The issuer that a token says it is of; nothing in it is verified yet. */
    issuerOf(token: string): TrustedIssuer | undefined {
      return byIssuer.size === 0 ? undefined : byIssuer.get(saidIssuer(token));
    },

    /** Fetches all keys before the first token comes. It never fails. */
    prefetch(): void {
      for (const { keys } of all) keys.prefetch();
    },
  };
}

function saidIssuer(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

type FindKey = ReturnType<typeof createIssuerKeys>['find'];

async function verified(
  { issuer, audience, algorithms }: IssuerSettings,
  findKey: FindKey,
  token: string,
  currentDate: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, findKey, {
      ...{ issuer, audience, algorithms, currentDate },
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_S,
    });
    return payload;
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    if (cause instanceof errors.JWTExpired) {
      throw new DomainError('token_expired', 'The access token has expired.', { cause });
    }
    throw notValid(cause);
  }
}

function assertPlain(header: JWTHeaderParameters): void {
  const refused = REFUSED_PARAMETERS.find((name) => name in header);
  if (refused !== undefined) throw new errors.JWTInvalid(`the header has ${refused}`);
  const type: unknown = header.typ;
  if (!TYPES.includes(typeof type === 'string' ? type.toLowerCase() : type)) {
    throw new errors.JWTInvalid('a token of another type');
  }
}

function identityIn(settings: IssuerSettings, payload: JWTPayload, now: Date): ExternalIdentity {
  const { sub, exp, iat, cnf } = payload;
  // Bound to a key of its holder (RFC 7800), whose proof nobody checks here.
  if (cnf !== undefined) throw notValid();
  if (iat !== undefined && !(iat <= now.getTime() / 1_000 + CLOCK_TOLERANCE_S)) throw notValid();
  const externalId = typeof sub === 'string' ? externalIdOf(settings.name, sub) : null;
  if (externalId === null || exp === undefined) throw notValid();
  const expiresAt = new Date(exp * 1_000);
  return { issuer: settings.name, externalId, expiresAt, mapped: mappedRole(settings, payload) };
}

/** A token that says nothing of roles is a player's, so a role that is taken away is gone. */
function mappedRole({ roles }: IssuerSettings, payload: JWTPayload): ExternalIdentity['mapped'] {
  if (!roles) return null;
  // Otherwise nobody could tell which of two tokens is the later one.
  if (payload.iat === undefined) throw notValid();
  const role = roleOf(payload, roles) ?? 'PLAYER';
  return { role, from: new Date(payload.iat * 1_000) };
}

function notValid(cause?: unknown): DomainError {
  return new DomainError('unauthenticated', 'The access token is not valid.', { cause });
}
