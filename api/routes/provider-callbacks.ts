/** `/api/provider-callbacks`: a provider has news of a grant. It wakes the claim, no more. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import { isFinal, parseGrantId } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import { SignatureError, verify } from '../../providers/webhook-signature.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { ClaimRuns } from '../../temporal/runs.ts';
import { SIGNALS } from '../../workflows/contract.ts';
import type { ApiEnv } from '../api-env.ts';
import { text } from '../http/text.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter } from '../router.ts';

export interface CallbackRouteDeps {
  store: { claims: ClaimStore };
  runs: Pick<ClaimRuns, 'wake'>;
  /** The signing secret of each configured provider, by name. */
  providerSecrets: ReadonlyMap<string, string>;
  log: Logger;
  now: () => Date;
}

const Callback = z
  .strictObject({
    grantId: text('LINE', [0, 200]),
    state: z.enum(['GRANTED', 'PENDING', 'REVOKED', 'REFUSED']),
  })
  .openapi('ProviderCallback');

/** Middleware that lets through what the provider signed within the last five minutes. */
function requireSignature(deps: CallbackRouteDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const secret = deps.providerSecrets.get(c.req.param('provider') ?? '');
    if (!secret) throw new DomainError('not_found', 'There is no provider of this name.');
    const body = new Uint8Array(await c.req.arrayBuffer());
    try {
      verify({ secret, headers: c.req.raw.headers, body, nowMs: deps.now().getTime() });
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      throw new DomainError('unauthenticated', error.message);
    }
    await next();
  };
}

export function callbackRoutes(deps: CallbackRouteDeps) {
  /** The open claim of a grant; null if it has ended, is unknown, or is another provider's. */
  async function runningClaim(provider: string, grantId: string): Promise<Claim | null> {
    const named = parseGrantId(grantId);
    const claim = named && (await deps.store.claims.get(named.claimId));
    return claim && claim.snapshot.provider === provider && !isFinal(claim.state) ? claim : null;
  }

  const callback = createRoute({
    middleware: [requireSignature(deps)],
    method: 'post',
    path: '/api/provider-callbacks/{provider}',
    summary: 'A fulfillment provider has news of a grant',
    description:
      'Signed as Standard Webhooks say. The claim then asks the provider itself; repeated and late callbacks do no harm.',
    tags: ['Providers'],
    request: {
      params: z.object({ provider: idParam('provider') }),
      body: jsonBody(Callback),
    },
    responses: {
      200: json(z.object({ received: z.literal(true) }), 'Heard'),
      ...problems('invalid_request', 'unauthenticated', 404, 413, 415),
    },
  });

  return newRouter().openapi(callback, async (c) => {
    const { grantId } = c.req.valid('json');
    const claim = await runningClaim(c.req.valid('param').provider, grantId);
    // A lost callback only costs time: the claim asks about a pending grant anyway.
    await (claim && deps.runs.wake(claim, SIGNALS.providerCallback))?.catch((err) => {
      deps.log.warn({ err, grantId }, 'callback heard, but the claim was not woken');
    });
    return c.json({ received: true as const }, 200);
  });
}
