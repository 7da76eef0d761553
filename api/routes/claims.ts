/** `/api/event-claims`: players claim, and they and staff follow a claim. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { isFinal } from '../../domain/claims/claim.ts';
import { wholeNumber } from '../../domain/whole-number.ts';
import { observeClaimEnds } from '../../store/claims/claim-metrics.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import { levelOf } from '../../store/mongodb/connection.ts';
import type { ApiEnv } from '../api-env.ts';
import { type AcceptDeps, type Accepted, createAcceptance } from '../claims/accept.ts';
import type { Admission } from '../claims/admission/admission.ts';
import { type Starter, startAfterCrowds } from '../claims/admission/starter.ts';
import { ClaimSchema, toClaimBody, type WebUi } from '../claims/claim-body.ts';
import { streamClaim } from '../claims/claim-stream.ts';
import { claimUrl, MAKE_CLAIM_PATH, ONE_CLAIM_PATH } from '../claims/claim-url.ts';
import { afterPreferredWait, beginLong, type WaitDeps } from '../claims/wait.ts';
import { headerLines, idempotencyKeyHeader, idempotencyKeyOf } from '../http/idempotency-key.ts';
import { text } from '../http/text.ts';
import { access, GUARDED, ownUnlessStaff, stillCounts } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import { limitByUser, type RateLimits } from '../identity/rate-limits.ts';
import { noSuchClaim } from '../not-found.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter, optionalJsonBody } from '../router.ts';

export interface ClaimRouteDeps extends WaitDeps, AcceptDeps {
  store: AcceptDeps['store'];
  starter: Starter;
  rateLimits: RateLimits;
  personalReads: PersonalReads;
  metrics: Registry;
  log: Logger;
  /** The queues that a claim waits in before it is recorded. */
  admission: Admission;
  /** False leaves every hold to the claims' runs. */
  holdsEarly?: boolean | undefined;
  /** Temporal's Web UI, where it is known. */
  webUi?: WebUi | undefined;
}

/**
 * How old a read of the player's record may be to count as made for this request, in milliseconds.
 * The token's check reads it; a request that did not wait since then needs no second read.
 */
const READ_FOR_THIS_REQUEST_MS = 25;

const ClaimRequest = z
  .strictObject({ rewardId: text('LINE', [1, 64]).optional() })
  .openapi('ClaimRequest');

const waits = {
  Prefer: z.string().optional().openapi({
    description:
      '`wait=N`: wait up to N (30 at most) seconds for the final state (RFC 7240). Who has too many waits and streams open is answered at once, without `Preference-Applied`.',
    example: 'wait=10',
  }),
};

const tags = ['Claims'];
const byClaim = { params: z.object({ claimId: idParam('claimId') }) };

function acceptRoute(deps: ClaimRouteDeps) {
  const guarded = access(deps, 'PLAYER');
  return createRoute({
    ...guarded,
    middleware: [...guarded.middleware, limitByUser(deps.rateLimits.claims)],
    method: 'post',
    path: MAKE_CLAIM_PATH,
    summary: "Claim an event's reward",
    tags,
    request: {
      params: z.object({ eventId: idParam('eventId') }),
      headers: z.object({
        'Idempotency-Key': idempotencyKeyHeader({ required: true }),
        ...waits,
      }),
      body: optionalJsonBody(ClaimRequest),
    },
    responses: {
      200: json(ClaimSchema, 'The claim, which is final'),
      202: json(ClaimSchema, 'The claim, which runs or is parked'),
      ...problems(
        400,
        ...GUARDED,
        'user_not_active',
        404,
        'event_not_open',
        'already_claimed',
        'sold_out',
        413,
        415,
        422,
        429,
      ),
    },
  });
}

function followRoutes(deps: ClaimRouteDeps) {
  return {
    read: createRoute({
      ...access(deps),
      method: 'get',
      path: ONE_CLAIM_PATH,
      summary: 'A claim',
      tags,
      request: { ...byClaim, headers: z.object(waits) },
      responses: { 200: json(ClaimSchema, 'The claim'), ...problems(...GUARDED, 404) },
    }),
    stream: createRoute({
      ...access(deps),
      method: 'get',
      path: `${ONE_CLAIM_PATH}/stream`,
      summary: 'A claim as server-sent events',
      description:
        'The claim at once and after each change; ends with the final state, and with the access token.',
      tags,
      request: {
        ...byClaim,
        headers: z.object({ 'Last-Event-ID': z.string().optional() }),
      },
      responses: {
        200: {
          description: 'Events named `claim`, each with the claim as its data',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        204: { description: 'The final state was sent before: do not come back' },
        ...problems(...GUARDED, 404, 429),
      },
    }),
  };
}

/** Accepting as these routes do it: with the queue, the log and the reads of this process. */
function acceptanceFor(deps: ClaimRouteDeps) {
  const users = {
    get: (userId: string) => deps.currentUsers.get(userId, READ_FOR_THIS_REQUEST_MS),
  };
  const claims = observeClaimEnds(deps.metrics, deps.store.claims, deps.now);
  return createAcceptance(
    { ...deps, store: { ...deps.store, users, claims } },
    {
      records: deps.admission.records,
      holdsEarly: deps.holdsEarly ?? true,
      onHoldFailure: (claimId, err) =>
        deps.log[levelOf(err)]({ err, claimId }, 'claim recorded, but not held yet'),
    },
  );
}

/**
 * Starts the claim's run if it has none yet. A replay may start it, in case the request that
 * recorded the claim died; but only once that request's time as the recorder is over.
 */
async function startRun(
  claims: Pick<ClaimStore, 'mayBeStarted'>,
  starter: Starter,
  { claim, start }: Accepted,
): Promise<void> {
  if (claim.state !== 'PENDING_VALIDATION') return;
  if (start || (await claims.mayBeStarted(claim))) await starter.start(claim, start);
}

export function claimRoutes(deps: ClaimRouteDeps) {
  const { admission, webUi } = deps;
  const { claims } = deps.store;
  const accept = acceptRoute(deps);
  const { read, stream } = followRoutes(deps);
  const starter = startAfterCrowds(deps.starter, admission.door);
  const acceptance = acceptanceFor(deps);
  const toBody = (c: Context<ApiEnv>, claim: Claim) => toClaimBody(claim, c.get('user'), webUi);

  /** The claim, for its player and for staff; `not_found` for anybody else. */
  async function visible(c: Context<ApiEnv>, claimId: string): Promise<Claim> {
    const claim = await claims.get(claimId, ownUnlessStaff(c.get('user')));
    if (!claim) throw noSuchClaim();
    deps.personalReads.note(c, claim.userId);
    return claim;
  }

  return newRouter()
    .openapi(accept, async (c) => {
      const idempotencyKey = idempotencyKeyOf(headerLines(c));
      const { eventId } = c.req.valid('param');
      const { rewardId = null } = c.req.valid('json');
      const { userId } = c.get('user');
      const request = { userId, eventId, rewardId, idempotencyKey };
      const accepted = await acceptance.accept(request).catch((error: unknown) => {
        admission.countRefusal(error);
        throw error;
      });
      admission.leaveEarly(c);
      await startRun(claims, starter, accepted);
      c.set('decidedAtMs', performance.now());
      const claim = await afterPreferredWait(deps, c, accepted.claim);
      c.header('Location', claimUrl(claim._id));
      if (accepted.replayed) c.header('Idempotency-Replayed', 'true');
      return c.json(toBody(c, claim), isFinal(claim.state) ? 200 : 202);
    })
    .openapi(read, async (c) => {
      const claim = await visible(c, c.req.valid('param').claimId);
      return c.json(toBody(c, await afterPreferredWait(deps, c, claim)), 200);
    })
    .openapi(stream, async (c) => {
      const claim = await visible(c, c.req.valid('param').claimId);
      // What is none of our versions, such as `0x5`, counts as nothing seen: all of it is sent.
      const lastVersion = wholeNumber(c.req.header('last-event-id') ?? '') ?? 0;
      // An EventSource reconnects after every end, until it is answered 204.
      if (isFinal(claim.state) && lastVersion >= claim.version) return c.body(null, 204);
      const token = c.get('token');
      const over = new AbortController();
      const reader = {
        mayRead: () => stillCounts(deps, token),
        leftMs: () => deps.tokens.leftMs(token),
        end: beginLong(deps, c, () => over.abort()),
        over,
      };
      const source = { changes: deps.changes, claims };
      return streamClaim(c, source, claim, lastVersion, reader, (now) => toBody(c, now));
    });
}
