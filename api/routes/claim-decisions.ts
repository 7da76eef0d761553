/** `/api/event-claims/{claimId}/retry` and `/abort`: admins decide on a parked claim. */
import { createRoute, z } from '@hono/zod-openapi';
import { ClaimSchema, toClaimBody, type WebUi } from '../claims/claim-body.ts';
import { ONE_CLAIM_PATH } from '../claims/claim-url.ts';
import { type DecideDeps, decideClaim } from '../claims/decide.ts';
import { note } from '../http/text.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter, optionalJsonBody } from '../router.ts';

export interface ClaimDecisionRouteDeps extends AuthDeps, DecideDeps {
  /** Temporal's Web UI, where it is known. */
  webUi?: WebUi | undefined;
}

const Note = z.strictObject({ note: note.optional() }).openapi('Note');

export function claimDecisionRoutes(deps: ClaimDecisionRouteDeps) {
  const route = (verb: 'retry' | 'abort', summary: string) =>
    createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: `${ONE_CLAIM_PATH}/${verb}`,
      summary,
      tags: ['Claims'],
      request: {
        params: z.object({ claimId: idParam('claimId') }),
        body: optionalJsonBody(Note),
      },
      responses: {
        202: json(ClaimSchema, 'The claim, about to go on'),
        ...problems('invalid_request', ...GUARDED, 404, 'invalid_transition', 413, 415),
      },
    });
  const retry = route('retry', 'Let a parked claim try again from the step it stands at');
  const abort = route('abort', 'Undo a parked claim');

  return newRouter()
    .openapi(retry, async (c) => {
      const { claimId } = c.req.valid('param');
      const decision = { action: 'RETRY', note: c.req.valid('json').note ?? null } as const;
      const claim = await decideClaim(deps, staffOf(c), claimId, decision);
      return c.json(toClaimBody(claim, c.get('user'), deps.webUi), 202);
    })
    .openapi(abort, async (c) => {
      const { claimId } = c.req.valid('param');
      const decision = { action: 'ABORT', note: c.req.valid('json').note ?? null } as const;
      const claim = await decideClaim(deps, staffOf(c), claimId, decision);
      return c.json(toClaimBody(claim, c.get('user'), deps.webUi), 202);
    });
}
