/** Limits on how often one caller may do a thing, kept in this process's memory. */
import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../../domain/errors.ts';
import type { ApiConfig } from '../../process/config.ts';
import { usernameKey } from '../../store/users/users.ts';
import type { ApiEnv } from '../api-env.ts';
import { countedAs } from './client-address.ts';
import type { Attempt } from './passwords.ts';

/** How often, in how many seconds. */
interface Allowance {
  points: number;
  duration: number;
}

/** Wide enough for some hundred players behind one address; what a hash costs limits the rest. */
const REGISTRATIONS: Allowance = { points: 600, duration: 60 };
const LOGINS: Allowance = { points: 600, duration: 60 };

/** Of one name from one address, so that nobody can lock a player out from elsewhere. */
const FAILED_LOGINS: Allowance = { points: 10, duration: 300 };

/** Of one player: a person clicks, and a client in a loop is slowed down. */
const CLAIMS: Allowance = { points: 300, duration: 60 };

/** Of one player: more than a screen that shows some events and looks again every few seconds. */
const QUESTIONS: Allowance = { points: 600, duration: 60 };

interface Limit {
  /** Counts one. @throws DomainError `rate_limited` past the limit */
  take(key: string): Promise<void>;
}

export interface RateLimits {
  registrations: Limit;
  logins: Limit;
  claims: Limit;
  /** Of questions that game servers may have to be asked for. */
  questions: Limit;
  /** A limit on one caller's failed sign-ins to one name; a success forgives them. */
  loginAttempt(address: string, username: string): Attempt;
}

/** A bound on one caller; none with `RATE_LIMITS=off`: a gateway that limits by itself is all the addresses there are. */
export function ifLimited({ RATE_LIMITS }: Pick<ApiConfig, 'RATE_LIMITS'>, bound: number): number {
  return RATE_LIMITS === 'on' ? bound : Number.POSITIVE_INFINITY;
}

/** @param settings.enabled false turns every limit off: `RATE_LIMITS=off` */
export function createRateLimits({ enabled }: { enabled: boolean }): RateLimits {
  if (!enabled) return UNLIMITED;
  const failures = new RateLimiterMemory(FAILED_LOGINS);
  return {
    registrations: limit(REGISTRATIONS),
    logins: limit(LOGINS),
    claims: limit(CLAIMS),
    questions: limit(QUESTIONS),
    loginAttempt(address, username) {
      const key = `${address} ${usernameKey(username)}`;
      return {
        async before() {
          const spent = await failures.get(key);
          if (spent && spent.consumedPoints >= FAILED_LOGINS.points) throw tooMany(spent);
        },
        async after(matched) {
          if (matched) await failures.delete(key);
          else await failures.penalty(key);
        },
      };
    },
  };
}

const NO_LIMIT: Limit = { take: async () => {} };
const UNLIMITED: RateLimits = {
  registrations: NO_LIMIT,
  logins: NO_LIMIT,
  claims: NO_LIMIT,
  questions: NO_LIMIT,
  loginAttempt: () => ({ before: async () => {}, after: async () => {} }),
};

/** Counts every request against a limit, by its caller's address. */
export function limitByAddress(limit: Limit): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const address = countedAs(c.get('client'));
    if (address !== undefined) await limit.take(address);
    await next();
  };
}

/** Counts every request against a limit, by who is signed in; comes after `requireUser`. */
export function limitByUser(limit: Limit): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await limit.take(c.get('user').userId);
    await next();
  };
}

function limit(allowance: Allowance): Limit {
  const limiter = new RateLimiterMemory(allowance);
  return {
    async take(key) {
      await limiter.consume(key).catch((spent: unknown) => {
        throw spent instanceof RateLimiterRes ? tooMany(spent) : spent;
      });
    },
  };
}

function tooMany(spent: RateLimiterRes): DomainError {
  return new DomainError('rate_limited', 'Too many requests of this kind. Slow down.', {
    retryAfterS: Math.max(1, Math.ceil(spent.msBeforeNext / 1000)),
  });
}
