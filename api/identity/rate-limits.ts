/** Rate limits on one caller, kept in the memory of this process. */
import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../../domain/errors.ts';
import type { ApiConfig } from '../../process/config.ts';
import type { ApiEnv } from '../api-env.ts';
import { countedAs } from './client-address.ts';

/** How much may be done in a window of time. */
export interface Allowance {
  /** How often it may be done… */
  points: number;
  /** …in so many seconds. */
  duration: number;
}

/** By address: wide enough for some hundred players. The cost of a hash does the rest. */
const REGISTRATIONS: Allowance = { points: 600, duration: 60 };
const LOGINS: Allowance = { points: 600, duration: 60 };

/**
 * Unknown keys by address. No number of guesses finds one of 256 bits; this bounds the reads they
 * cost. It is short, as a server with an old key may share the address of one with a good key.
 */
const UNKNOWN_KEYS: Allowance = { points: 60, duration: 60 };

/** Password resets by address. No number of guesses finds a token of 256 bits. */
const RESETS: Allowance = { points: 60, duration: 60 };

/** By player: more than a person clicks; a client in a loop is slowed down. */
const CLAIMS: Allowance = { points: 300, duration: 60 };

/** By player: more than a screen that shows some events and asks again every few seconds. */
const QUESTIONS: Allowance = { points: 600, duration: 60 };

interface Limit {
  /** Counts one for this key. @throws DomainError `rate_limited` past the limit */
  take(key: string): Promise<void>;
  /** Takes one back that turned out not to count. */
  giveBack(key: string): Promise<void>;
}

export interface RateLimits {
  registrations: Limit;
  logins: Limit;
  unknownKeys: Limit;
  resets: Limit;
  claims: Limit;
  /** Eligibility questions: a game server may have to be asked for each. */
  questions: Limit;
}

/**
 * A limit on one address or user; infinite with `RATE_LIMITS=off`. That is for a gateway that
 * limits by itself: all requests then come from its address.
 */
export function ifLimited({ RATE_LIMITS }: Pick<ApiConfig, 'RATE_LIMITS'>, bound: number): number {
  return RATE_LIMITS === 'on' ? bound : Number.POSITIVE_INFINITY;
}

/** @param settings.enabled false for `RATE_LIMITS=off`: then nothing is limited */
export function createRateLimits({ enabled }: { enabled: boolean }): RateLimits {
  if (!enabled) return UNLIMITED;
  return {
    registrations: limit(REGISTRATIONS),
    logins: limit(LOGINS),
    unknownKeys: limit(UNKNOWN_KEYS),
    resets: limit(RESETS),
    claims: limit(CLAIMS),
    questions: limit(QUESTIONS),
  };
}

const NO_LIMIT: Limit = { take: async () => {}, giveBack: async () => {} };
const UNLIMITED: RateLimits = {
  registrations: NO_LIMIT,
  logins: NO_LIMIT,
  unknownKeys: NO_LIMIT,
  resets: NO_LIMIT,
  claims: NO_LIMIT,
  questions: NO_LIMIT,
};

/** Middleware that counts every request against a limit, by the client's address. */
export function limitByAddress(limit: Limit): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const address = countedAs(c.get('client'));
    if (address !== undefined) await limit.take(address);
    await next();
  };
}

/** Middleware that counts every request against a limit, by user; comes after `requireUser`. */
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
    async giveBack(key) {
      await limiter.reward(key);
    },
  };
}

/** The refusal of what is past a limit. */
export function tooMany(spent: RateLimiterRes): DomainError {
  return new DomainError('rate_limited', 'Too many requests of this kind. Slow down.', {
    retryAfterS: Math.max(1, Math.ceil(spent.msBeforeNext / 1000)),
  });
}
