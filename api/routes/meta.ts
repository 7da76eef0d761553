/** `/healthz`, `/readyz`, and the public keys of access tokens. */
import { createRoute, z } from '@hono/zod-openapi';
import { sharedFor } from '../http/shared-answers.ts';
import { NOT_CHANGED, unchanging } from '../http/static-answers.ts';
import type { Tokens } from '../identity/tokens.ts';
import { json, newRouter } from '../router.ts';

export interface MetaRouteDeps extends HealthDeps {
  tokens: Tokens;
}

export interface HealthDeps {
  /** Each resolves if the server that it asks answers. */
  checks: { mongodb: () => Promise<void>; temporal: () => Promise<void> };
  /** A process that is `STOPPING` still serves, until traffic goes elsewhere. */
  phase: () => 'STARTING' | 'READY' | 'STOPPING';
}

/** A server that does not answer for this long counts as down, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;
/** When to ask again, in seconds. */
const RETRY_AFTER_S = 2;

const Health = z.object({ status: z.literal('ok') }).openapi('Health');

const check = z.enum(['ok', 'down']);
const Readiness = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable', 'starting', 'stopping']),
    checks: z.object({ mongodb: check, temporal: check }),
  })
  .openapi('Readiness');

const Jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }).openapi('Jwks');

const tags = ['Operation'];

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'The process lives',
  tags,
  responses: { 200: json(Health, 'It does') },
});

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether requests can be served',
  tags,
  responses: {
    200: json(Readiness, '`degraded` without Temporal: claims are accepted and start later'),
    503: json(
      Readiness,
      '`unavailable` without MongoDB; `starting` until every index is there; `stopping` once the process was told to: it serves on for `DRAIN_S` seconds, so that traffic goes elsewhere first',
    ),
  },
});

const jwks = createRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'The public keys access tokens are verified with',
  tags: ['Auth'],
  responses: { 200: json(Jwks, 'A JWK set (RFC 7517)'), ...NOT_CHANGED },
});

/** Others may cache the keys for five minutes: a new key is published before it signs. */
const KEYS_KEPT = 'public, max-age=300';

export function metaRoutes(deps: MetaRouteDeps) {
  const keys = unchanging(() => JSON.stringify(deps.tokens.jwks), {
    'Content-Type': 'application/json',
    'Cache-Control': KEYS_KEPT,
  });
  return newRouter().openapi(jwks, keys).route('/', healthRoutes(deps));
}

/** The health routes. They are also served while the process starts and has no other route. */
export function healthRoutes(deps: HealthDeps) {
  // Anyone may call this, as often as they like: all who wait share one question to the servers.
  const mongodbState = sharedFor(0, () => stateOf(() => deps.checks.mongodb()));
  const temporalState = sharedFor(0, () => stateOf(() => deps.checks.temporal()));
  return newRouter()
    .openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(readyz, async (c) => {
      const [mongodb, temporal] = await Promise.all([mongodbState(), temporalState()]);
      const checks = { mongodb, temporal };
      const status = { STARTING: 'starting', READY: 'unavailable', STOPPING: 'stopping' } as const;
      if (deps.phase() !== 'READY' || mongodb === 'down') {
        return c.json({ status: status[deps.phase()], checks }, 503, {
          'Retry-After': String(RETRY_AFTER_S),
        });
      }
      return c.json({ status: temporal === 'down' ? 'degraded' : 'ok', checks }, 200);
    });
}

/** `down` if the question fails or takes too long. */
async function stateOf(ask: () => Promise<void>): Promise<'ok' | 'down'> {
  const timeout = Promise.withResolvers<'down'>();
  const timer = setTimeout(timeout.resolve, CHECK_TIMEOUT_MS, 'down');
  const answer = ask().then(
    () => 'ok' as const,
    () => 'down' as const,
  );
  return await Promise.race([answer, timeout.promise]).finally(() => clearTimeout(timer));
}
