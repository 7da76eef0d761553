/** Bulk actions on parked claims, and how far they are. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import { REASONS } from '../../domain/claim.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Operation, OperationStore } from '../../store/operations.ts';
import type { BulkRuns } from '../../temporal/bulk-runs.ts';
import { type AuthDeps, access, GUARDED } from '../auth.ts';
import { headerLines, idempotencyKeyOf } from '../idempotency-key.ts';
import { problems } from '../problem.ts';
import { type ApiEnv, idParam, json, newRouter, optionalJsonBody } from '../router.ts';
import { text } from '../text.ts';

export interface OperationRouteDeps extends AuthDeps {
  store: { operations: OperationStore };
  bulkRuns: BulkRuns;
  log: Logger;
}

const MAX_NOTE_LENGTH = 1_000;

const BulkRequest = z
  .strictObject({
    eventId: text('LINE', [1, 100]).optional(),
    reason: z.enum(REASONS).optional(),
    note: text('LINES', [0, MAX_NOTE_LENGTH]).optional(),
  })
  .openapi('BulkRequest');

const OperationId = z.object({ operationId: z.string() }).openapi('OperationStarted');

const OperationBody = z
  .object({
    operationId: z.string(),
    action: z.enum(['RETRY', 'ABORT']),
    state: z.enum(['RUNNING', 'DONE']),
    total: z.int().openapi({ description: 'Claims that fitted when it was asked for.' }),
    done: z.int(),
    failed: z.int().openapi({ description: 'Decided otherwise meanwhile, or parked no more.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Operation');

const toBody = (operation: Operation): z.infer<typeof OperationBody> => ({
  operationId: operation._id,
  action: operation.action,
  state: operation.state,
  total: operation.total,
  done: operation.done,
  failed: operation.failed,
  createdAt: operation.createdAt.toISOString(),
  updatedAt: operation.updatedAt.toISOString(),
});

const tags = ['Operation'];

function routes(deps: OperationRouteDeps) {
  const bulk = (verb: 'retry' | 'abort', summary: string) =>
    createRoute({
      ...access(deps, 'ADMIN'),
      method: 'post',
      path: `/api/event-claims/${verb}`,
      summary,
      tags,
      request: {
        headers: z.object({
          'Idempotency-Key': z.string().optional().openapi({ description: 'Required.' }),
        }),
        body: optionalJsonBody(BulkRequest),
      },
      responses: {
        202: json(OperationId, 'Under way'),
        ...problems(400, ...GUARDED, 413, 415, 422),
      },
    });
  return {
    retry: bulk('retry', 'Let every parked claim that fits try again'),
    abort: bulk('abort', 'Undo every parked claim that fits'),
    read: createRoute({
      ...access(deps, 'ADMIN'),
      method: 'get',
      path: '/api/operations/{operationId}',
      summary: 'How far a bulk action is',
      tags,
      request: { params: z.object({ operationId: idParam('operationId') }) },
      responses: { 200: json(OperationBody, 'The bulk action'), ...problems(...GUARDED, 404) },
    }),
  };
}

export function operationRoutes(deps: OperationRouteDeps) {
  const { operations } = deps.store;
  const { retry, abort, read } = routes(deps);

  /** Records the action, then starts its run; one that could not be started is by reconciliation. */
  async function requested(
    c: Context<ApiEnv>,
    action: Operation['action'],
    body: z.output<typeof BulkRequest>,
  ): Promise<{ operationId: string }> {
    const idempotencyKey = idempotencyKeyOf(headerLines(c));
    const { userId, role } = c.get('user');
    const staff = { actor: { userId, role }, requestId: c.get('requestId') };
    const { eventId = null, reason = null, note = null } = body;
    const request = { action, eventId, reason, note, idempotencyKey };
    const { _id: operationId, state } = await operations.request(staff, request);
    if (state === 'RUNNING') {
      await deps.bulkRuns.start(operationId).catch((err) => {
        deps.log.warn({ err, operationId }, 'bulk action recorded, but its run not started yet');
      });
    }
    c.header('Location', `/api/operations/${operationId}`);
    return { operationId };
  }

  return newRouter()
    .openapi(retry, async (c) => c.json(await requested(c, 'RETRY', c.req.valid('json')), 202))
    .openapi(abort, async (c) => c.json(await requested(c, 'ABORT', c.req.valid('json')), 202))
    .openapi(read, async (c) => {
      const operation = await operations.get(c.req.valid('param').operationId);
      if (!operation) throw new DomainError('not_found', 'There is no operation with this ID.');
      return c.json(toBody(operation), 200);
    });
}
