/** `/api/event-claims`: players claim and follow, staff read, admins decide on what is parked. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import { isFinal } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import { isStaff } from '../../domain/user.ts';
import { wholeNumber } from '../../domain/whole-number.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { levelOf } from '../../store/mongodb/connection.ts';
import type { ApiEnv } from '../api-env.ts';
import { type AcceptDeps, type Accepted, createAcceptance } from '../claims/accept.ts';
import type { Admission } from '../claims/admission.ts';
import { ClaimSchema, claimPath, toClaimBody, type WebUi } from '../claims/claim-body.ts';
import { streamClaim } from '../claims/claim-stream.ts';
import { type DecideDeps, decideClaim } from '../claims/decide.ts';
import { startAfterCrowds } from '../claims/start-after-crowds.ts';
import type { Starter } from '../claims/starter.ts';
import { preferredWaitS, waitForEnd } from '../claims/wait.ts';
import { headerLines, idempotencyKeyHeader, idempotencyKeyOf } from '../http/idempotency-key.ts';
import type { LongRequests } from '../http/long-requests.ts';
import { note, text } from '../http/text.ts';
import { type AuthDeps, access, GUARDED, staffOf, stillCounts } from '../identity/auth.ts';
import { countedAs } from '../identity/client-address.ts';
import { limitByUser, type RateLimits } from '../identity/rate-limits.ts';
import { problems } from '../problem.ts';
import { idParam, json, newRouter, optionalJsonBody } from '../router.ts';

export interface ClaimRouteDeps extends AuthDeps, AcceptDeps, DecideDeps {
  store: AcceptDeps['store'];
  starter: Starter;
  changes: ClaimChanges;
  rateLimits: RateLimits;
  longRequests: LongRequests;
  log: Logger;
  /** Who is let in is still to be let to the record. */
  admission: Admission;
  /** False leaves every hold to the claims' runs. */
  holdsEarly?: boolean | undefined;
  /** Temporal's Web UI, where it is known. */
  webUi?: WebUi | undefined;
}

/** How old a read of the caller is, at most, that this same request's token was checked by. */
const READ_FOR_THIS_REQUEST_MS = 25;

const ClaimRequest = z
  .strictObject({ rewardId: text('LINE', [1, 64]).optional() })
  .openapi('ClaimRequest');
const Note = z.strictObject({ note: note.optional() }).openapi('Note');

const waits = {
  Prefer: z.string().optional().openapi({
    description:
      '`wait=N`: wait up to N (30 at most) seconds for the final state (RFC 7240). Who has too many waits and streams open is answered at once, without `Preference-Applied`.',
    example: 'wait=10',
  }),
};

const tags = ['Claims'];
const byClaim = { params: z.object({ claimId: idParam('claimId') }) };

function routes(deps: ClaimRouteDeps) {
  const decision = (verb: 'retry' | 'abort', summary: string) =>
    createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: `/api/event-claims/{claimId}/${verb}`,
      summary,
      tags,
      request: { ...byClaim, body: optionalJsonBody(Note) },
      responses: {
        202: json(ClaimSchema, 'The claim, about to go on'),
        ...problems('invalid_request', ...GUARDED, 404, 'invalid_transition', 413, 415),
      },
    });
  const guarded = access(deps, 'PLAYER');
  return {
    accept: createRoute({
      ...guarded,
      middleware: [...guarded.middleware, limitByUser(deps.rateLimits.claims)],
      method: 'post',
      path: '/api/event-claims/{eventId}/claim',
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
    }),
    read: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/event-claims/{claimId}',
      summary: 'A claim',
      tags,
      request: { ...byClaim, headers: z.object(waits) },
      responses: { 200: json(ClaimSchema, 'The claim'), ...problems(...GUARDED, 404) },
    }),
    stream: createRoute({
      ...access(deps),
      method: 'get',
      path: '/api/event-claims/{claimId}/stream',
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
    retry: decision('retry', 'Let a parked claim try again from the step it stands at'),
    abort: decision('abort', 'Undo a parked claim'),
  };
}

export function claimRoutes(deps: ClaimRouteDeps) {
  const { claims } = deps.store;
  const source = { changes: deps.changes, claims };
  const { accept, read, stream, retry, abort } = routes(deps);
  const { admission } = deps;
  const starter = startAfterCrowds(deps.starter, admission.door);
  // A claim always reads its player's record; if nobody waited, that was just done for the token.
  const users = {
    get: (userId: string) => deps.currentUsers.get(userId, READ_FOR_THIS_REQUEST_MS),
  };
  const acceptance = createAcceptance(
    { ...deps, store: { ...deps.store, users } },
    {
      records: admission.records,
      holdsEarly: deps.holdsEarly ?? true,
      onHoldFailure: (claimId, err) =>
        deps.log[levelOf(err)]({ err, claimId }, 'claim recorded, but not held yet'),
    },
  );
  const toBody = (c: Context<ApiEnv>, claim: Claim) =>
    toClaimBody(claim, c.get('user'), deps.webUi);

  /** The claim, for its player and for staff; to anybody else there is none. */
  async function visible(c: Context<ApiEnv>, claimId: string): Promise<Claim> {
    const { userId, role } = c.get('user');
    const claim = await claims.get(claimId, isStaff(role) ? undefined : userId);
    if (claim) return claim;
    throw new DomainError('not_found', 'There is no claim with this ID.');
  }

  /**
   * Takes a place among the streams and waits.
   * @param cut ends it early, for another of its user's
   * @throws DomainError where there is none
   */
  function beginLong(c: Context<ApiEnv>, cut?: () => void): () => void {
    const address = countedAs(c.get('client'));
    return deps.longRequests.begin({ userId: c.get('user').userId, address }, cut);
  }

  /**
   * Waits as long as the client prefers, and says so. Past the bounds on waits it does not: a
   * preference need not be honoured (RFC 7240, section 2), and the claim as it stands is an answer.
   */
  async function waited(c: Context<ApiEnv>, claim: Claim): Promise<Claim> {
    const waitS = preferredWaitS(c.req.header('prefer'));
    if (waitS === undefined) return claim;
    const token = c.get('token');
    let end = () => {};
    if (waitS > 0 && !isFinal(claim.state)) {
      try {
        end = beginLong(c);
      } catch (error) {
        if (error instanceof DomainError) return claim;
        throw error;
      }
    }
    try {
      // What was asked for is known: its bytes need not be held as long as it takes.
      c.get('letGoOfBody')?.();
      c.header('Preference-Applied', `wait=${waitS}`);
      const longestS = Math.min(waitS, deps.tokens.leftMs(token) / 1_000);
      const last = await waitForEnd(source, claim, longestS, c.req.raw.signal);
      // Who has left meanwhile is told no more than what stood when they asked.
      return (await stillCounts(deps, token)) ? last : claim;
    } finally {
      end();
    }
  }

  /**
   * Starts the claim's run where it has none yet. A replay finds it missing where the request that
   * recorded the claim died; as long as that one may be alive, it alone decides.
   */
  async function startRun({ claim, start }: Accepted): Promise<void> {
    if (claim.state !== 'PENDING_VALIDATION') return;
    if (start || (await claims.mayBeStarted(claim))) await starter.start(claim, start);
  }

  /** Admins' decisions differ in one word. */
  async function decided(
    c: Context<ApiEnv>,
    claimId: string,
    action: 'RETRY' | 'ABORT',
    note: string | undefined,
  ): Promise<Claim> {
    return await decideClaim(deps, staffOf(c), claimId, { action, note: note ?? null });
  }

  return newRouter()
    .openapi(accept, async (c) => {
      const idempotencyKey = idempotencyKeyOf(headerLines(c));
      const { eventId } = c.req.valid('param');
      const { rewardId = null } = c.req.valid('json');
      const { userId } = c.get('user');
      const request = { userId, eventId, rewardId, idempotencyKey };
      const accepted = await acceptance.accept(request).catch((error: unknown) => {
        admission.refused(error);
        throw error;
      });
      admission.letNextIn(c);
      await startRun(accepted);
      const claim = await waited(c, accepted.claim);
      c.header('Location', claimPath(claim._id));
      if (accepted.replayed) c.header('Idempotency-Replayed', 'true');
      return c.json(toBody(c, claim), isFinal(claim.state) ? 200 : 202);
    })
    .openapi(read, async (c) => {
      const claim = await waited(c, await visible(c, c.req.valid('param').claimId));
      return c.json(toBody(c, claim), 200);
    })
    .openapi(stream, async (c) => {
      const claim = await visible(c, c.req.valid('param').claimId);
      // What is no version of ours, such as `0x5`, names nothing that was seen: all of it is sent.
      const lastVersion = wholeNumber(c.req.header('last-event-id') ?? '') ?? 0;
      // An EventSource comes back after every end, until it is told that there is no more.
      if (isFinal(claim.state) && lastVersion >= claim.version) return c.body(null, 204);
      const token = c.get('token');
      const over = new AbortController();
      const reader = {
        mayRead: () => stillCounts(deps, token),
        leftMs: () => deps.tokens.leftMs(token),
        end: beginLong(c, () => over.abort()),
        over,
      };
      return streamClaim(c, source, claim, lastVersion, reader, (now) => toBody(c, now));
    })
    .openapi(retry, async (c) => {
      const { note } = c.req.valid('json');
      const claim = await decided(c, c.req.valid('param').claimId, 'RETRY', note);
      return c.json(toBody(c, claim), 202);
    })
    .openapi(abort, async (c) => {
      const { note } = c.req.valid('json');
      const claim = await decided(c, c.req.valid('param').claimId, 'ABORT', note);
      return c.json(toBody(c, claim), 202);
    });
}
