/** `/api/operations` and the bulk verbs of `/api/event-claims`: actions on many parked claims. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import { REASONS } from '../../domain/claims/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  type BulkAction,
  type BulkFilter,
  OPERATION_STATES,
  type Operation,
  type OperationStore,
} from '../../store/operations.ts';
import type { BulkRuns } from '../../temporal/bulk-runs.ts';
import type { ApiEnv } from '../api-env.ts';
import { CLAIMS_URL } from '../claims/claim-url.ts';
import {
  headerLines,
  idempotencyKeyHeader,
  idempotencyKeyOf,
  optionalIdempotencyKeyOf,
} from '../http/idempotency-key.ts';
import { NEWEST_FIRST, page, pageOf, pageQuery } from '../http/paging.ts';
import { note, text } from '../http/text.ts';
import { moment } from '../http/times.ts';
import { type AuthDeps, access, GUARDED, staffOf } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { idParam, json, jsonBody, newRouter, optionalJsonBody } from '../router.ts';

export interface OperationRouteDeps extends AuthDeps {
  store: { operations: OperationStore };
  bulkRuns: BulkRuns;
  log: Logger;
}

const FILTER = {
  eventId: text('LINE', [1, 100]).optional(),
  reason: z.enum(REASONS).optional(),
  provider: text('LINE', [1, 100]).optional(),
};

const BulkRequest = z
  .strictObject({
    ...FILTER,
    parkedBefore: moment.optional(),
    all: z
      .boolean()
      .optional()
      .openapi({
        description:
          'Must be true where nothing else says which claims. Beside `eventId`, `reason`, `provider` or ' +
          '`parkedBefore`, true is refused with 400, as it is not clear which of the two was meant.',
      }),
    dryRun: z.boolean().optional().openapi({
      description: 'True changes nothing, and tells which claims it would be.',
    }),
    note: note.optional(),
  })
  .refine((body) => isFiltered(body) || body.all === true, {
    path: ['all'],
    error:
      'Say which claims by `eventId`, `reason`, `provider` or `parkedBefore`, or say true here',
  })
  .refine((body) => !isFiltered(body) || body.all !== true, {
    path: ['all'],
    error:
      'True beside `eventId`, `reason`, `provider` or `parkedBefore`: leave out this or those, as it is not clear which was meant',
  })
  .openapi('BulkRequest');
type BulkRequest = z.output<typeof BulkRequest>;

type Filters = 'eventId' | 'reason' | 'provider' | 'parkedBefore';

function isFiltered(body: Partial<Record<Filters, unknown>>): boolean {
  const { eventId, reason, provider, parkedBefore } = body;
  return [eventId, reason, provider, parkedBefore].some((filter) => filter !== undefined);
}

/** The filter without fields that were left out, so that a repeated request has an equal filter. */
function filterOf({ eventId, reason, provider, parkedBefore, all }: BulkRequest): BulkFilter {
  return {
    ...(eventId !== undefined && { eventId }),
    ...(reason !== undefined && { reason }),
    ...(provider !== undefined && { provider }),
    ...(parkedBefore !== undefined && { parkedBefore }),
    ...(all === true && { all }),
  };
}

const OperationId = z.object({ operationId: z.string() }).openapi('OperationStarted');

const BulkPreview = z
  .object({
    matches: z.int(),
    groups: z
      .array(
        z.object({
          reason: z.enum(REASONS).nullable(),
          eventId: z.string(),
          provider: z.string(),
          count: z.int(),
        }),
      )
      .openapi({ description: 'The largest first.' }),
    sample: z.array(z.string()).openapi({ description: 'The claims that would be first.' }),
  })
  .openapi('BulkPreview');

const OperationBody = z
  .object({
    operationId: z.string(),
    action: z.enum(['RETRY', 'ABORT', 'ERASE']),
    filter: z
      .object({
        ...FILTER,
        parkedBefore: z.iso.datetime().optional(),
        all: z.boolean().optional(),
        userId: z.string().optional().openapi({ description: 'The user whom `ERASE` erases.' }),
      })
      .openapi({ description: 'Which claims, as it was asked for.' }),
    note: z.string().nullable(),
    by: z.string().openapi({ description: 'The ID of the admin who asked for it.' }),
    state: z.enum(OPERATION_STATES),
    total: z.int().openapi({ description: 'Claims that fitted when it was asked for.' }),
    done: z.int().openapi({ description: 'Decided on by it, or by somebody in the same way.' }),
    failed: z.int().openapi({
      description: 'Decided otherwise meanwhile, or parked no more when their turn came.',
    }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Operation');

const toBody = (operation: Operation): z.infer<typeof OperationBody> => {
  const { parkedBefore, ...filter } = operation.filter;
  return {
    operationId: operation._id,
    action: operation.action,
    filter: { ...filter, ...(parkedBefore && { parkedBefore: parkedBefore.toISOString() }) },
    note: operation.note,
    by: operation.actor.userId,
    state: operation.state,
    total: operation.total,
    done: operation.done,
    failed: operation.failed,
    createdAt: operation.createdAt.toISOString(),
    updatedAt: operation.updatedAt.toISOString(),
  };
};

const tags = ['Operation'];
const byOperation = { params: z.object({ operationId: idParam('operationId') }) };

function bulkRoutes(deps: OperationRouteDeps) {
  const bulk = (verb: 'retry' | 'abort', summary: string) =>
    createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: `${CLAIMS_URL}/${verb}`,
      summary,
      tags,
      request: {
        headers: z.object({
          'Idempotency-Key': idempotencyKeyHeader({ required: true }),
        }),
        body: jsonBody(BulkRequest),
      },
      responses: {
        200: json(BulkPreview, 'What it would be about, of a dry run'),
        202: json(OperationId, 'Under way'),
        ...problems(400, ...GUARDED, 413, 415, 422),
      },
    });
  return {
    retry: bulk('retry', 'Let every parked claim that fits try again'),
    abort: bulk('abort', 'Undo every parked claim that fits'),
  };
}

function followRoutes(deps: OperationRouteDeps) {
  return {
    list: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: '/api/operations',
      summary: 'Bulk actions, newest first',
      tags,
      request: {
        query: z.object({
          state: z.enum(OPERATION_STATES).optional(),
          ...pageQuery(NEWEST_FIRST),
        }),
      },
      responses: {
        200: json(pageOf(OperationBody), 'A page of bulk actions'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
    read: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: '/api/operations/{operationId}',
      summary: 'How far a bulk action is',
      tags,
      request: byOperation,
      responses: { 200: json(OperationBody, 'The bulk action'), ...problems(...GUARDED, 404) },
    }),
    stop: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: '/api/operations/{operationId}/stop',
      summary: 'Stop a bulk action; what is done stays',
      description: 'It decides on no claim more once this is answered. Again, it changes nothing.',
      tags,
      request: { ...byOperation, body: optionalJsonBody(z.strictObject({})) },
      responses: {
        200: json(OperationBody, 'The bulk action, stopped'),
        ...problems('invalid_request', ...GUARDED, 404, 'invalid_transition', 413, 415),
      },
    }),
  };
}

export function operationRoutes(deps: OperationRouteDeps) {
  const { operations } = deps.store;
  const { retry, abort } = bulkRoutes(deps);
  const { list, read, stop } = followRoutes(deps);

  /** Records the action, then starts its run. If that fails, reconciliation starts it. */
  async function requested(c: Context<ApiEnv>, action: BulkAction['action'], body: BulkRequest) {
    const filter = filterOf(body);
    if (body.dryRun) {
      optionalIdempotencyKeyOf(headerLines(c));
      const { matches, groups, sample } = await operations.preview(filter);
      const shown = groups.map(({ oldestAt: _, ...group }) => group);
      return c.json({ matches, groups: shown, sample } as z.infer<typeof BulkPreview>, 200);
    }
    const idempotencyKey = idempotencyKeyOf(headerLines(c));
    const request = { action, filter, note: body.note ?? null, idempotencyKey };
    const { _id: operationId, state } = await operations.request(staffOf(c), request);
    if (state === 'RUNNING') {
      await deps.bulkRuns.start(operationId).catch((err) => {
        deps.log.warn({ err, operationId }, 'bulk action recorded, but its run not started yet');
      });
    }
    return c.json({ operationId }, 202, { Location: `/api/operations/${operationId}` });
  }

  return newRouter()
    .openapi(retry, async (c) => await requested(c, 'RETRY', c.req.valid('json')))
    .openapi(abort, async (c) => await requested(c, 'ABORT', c.req.valid('json')))
    .openapi(list, async (c) => {
      const { cursor, limit, ...filter } = c.req.valid('query');
      const found = await operations.page(filter, cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ createdAt, _id }) => ({
        at: createdAt,
        id: _id,
      }));
      return c.json({ items: items.map(toBody), nextCursor }, 200);
    })
    .openapi(read, async (c) => {
      const operation = await operations.get(c.req.valid('param').operationId);
      if (!operation) throw new DomainError('not_found', 'There is no operation with this ID.');
      return c.json(toBody(operation), 200);
    })
    .openapi(stop, async (c) => {
      const { operationId } = c.req.valid('param');
      return c.json(toBody(await operations.stop(staffOf(c), operationId)), 200);
    });
}
