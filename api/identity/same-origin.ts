/** The guard of routes that a browser calls with a cookie. */
import type { Context, MiddlewareHandler } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';

/** Middleware that lets through what came over TLS or from this machine: what a cookie needs. */
export const confidentialOnly: MiddlewareHandler<ApiEnv> = async (c, next) => {
  refuseInTheClear(c);
  await next();
};

/**
 * Middleware that lets through what a page of our own origin sent, over TLS or on this machine. A
 * browser sets `Sec-Fetch-Site` itself, so no page can forge it.
 */
export const sameOriginOnly: MiddlewareHandler<ApiEnv> = async (c, next) => {
  refuseInTheClear(c);
  if (c.req.header('sec-fetch-site') !== 'same-origin') {
    throw new DomainError('forbidden', 'Only a page of this origin may do this, in a browser.');
  }
  await next();
};

function refuseInTheClear(c: Context<ApiEnv>): void {
  if (isConfidential(c)) return;
  throw new DomainError(
    'forbidden',
    'A session needs TLS. Behind a proxy that ends TLS, name the proxy in TRUSTED_PROXIES.',
  );
}

/** Browsers take and send `Secure` cookies over plain HTTP too where the host is a loopback one. */
function isConfidential(c: Context<ApiEnv>): boolean {
  return c.get('client').scheme === 'https' || isLoopback(new URL(c.req.url).hostname);
}

/** @param hostname as `URL` gives it: in lower case, IPv6 in brackets */
function isLoopback(hostname: string): boolean {
  return /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/.test(hostname);
}
