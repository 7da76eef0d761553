/** `/api/audit-log`: who changed what, before and after. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { DomainError } from '../../domain/errors.ts';
import { ROLES } from '../../domain/user.ts';
import type { AuditChecks } from '../../store/audit-checks.ts';
import {
  AUDIT_ACTIONS,
  type AuditEntry,
  type AuditFilter,
  type AuditLog,
} from '../../store/audit-log.ts';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { ApiEnv } from '../api-env.ts';
import { beginLong } from '../claims/wait.ts';
import { JSON_LINES, jsonLines } from '../http/json-lines.ts';
import type { LongRequests } from '../http/long-requests.ts';
import { AUDIT_POSITION, page, pageOf, pageQuery } from '../http/paging.ts';
import { ordered, timeRange } from '../http/times.ts';
import { type AuthDeps, access, GUARDED, stillCounts } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

export interface AuditRouteDeps extends AuthDeps {
  store: { auditLog: AuditLog; auditChecks: AuditChecks };
  changes: Pick<ClaimChanges, 'isEnding'>;
  longRequests: LongRequests;
}

const Entry = z
  .object({
    seq: z.int().openapi({ description: 'Counts from 1 without gaps.' }),
    at: z.iso.datetime(),
    actorId: z.string(),
    actorRole: z.enum(ROLES),
    action: z.enum(AUDIT_ACTIONS),
    targetId: z.string(),
    before: z.unknown().openapi({ description: 'Null where there was nothing.' }),
    after: z.unknown().openapi({ description: 'Null where there is nothing any more.' }),
    requestId: z.string(),
    from: z.string().nullable().openapi({
      description: 'The address of the client. Null where no HTTP request made the change.',
    }),
    previous: z.string().openapi({ description: 'The hash of the entry before.' }),
    hash: z.string().openapi({ description: 'SHA-256 over the entry and `previous`.' }),
  })
  .openapi('AuditEntry');

/** In characters; longer than any ID of ours. */
const MAX_TARGET_LENGTH = 300;

const toBody = (entry: AuditEntry) => ({ ...entry, at: entry.at.toISOString() });

const Verification = z
  .object({
    whole: z.boolean().openapi({ description: 'Whether nothing wrong was found.' }),
    entries: z.int().openapi({ description: 'Entries in the log.' }),
    through: z.int().openapi({
      description:
        'The entry up to which the chain is checked and whole. Where `whole` is false, the next ' +
        'one is wrong or missing.',
    }),
    checkedAt: z.iso.datetime(),
  })
  .openapi('AuditVerification');

function listRoute(deps: AuditRouteDeps) {
  return createRoute({
    ...access(deps, 'AUDITOR', 'ADMIN'),
    method: 'get',
    path: '/api/audit-log',
    summary: 'Changes by staff, the latest first',
    description:
      `With \`Accept: ${JSON_LINES}\` the answer is every entry that fits, one a line; \`limit\` ` +
      'and `cursor` are refused then. An answer that ends early, as with the access token, breaks ' +
      'the connection.',
    tags: ['Operation'],
    request: {
      query: ordered(
        z.object({
          actorId: z.string().max(100).optional(),
          action: z.enum(AUDIT_ACTIONS).optional(),
          targetId: z.string().max(MAX_TARGET_LENGTH).optional(),
          ...timeRange('Made'),
          ...pageQuery(AUDIT_POSITION),
        }),
      ),
    },
    responses: {
      200: {
        description: 'A page of entries, or all of them',
        content: {
          'application/json': { schema: pageOf(Entry) },
          [JSON_LINES]: { schema: z.string().openapi({ description: 'An entry a line.' }) },
        },
      },
      ...problems('invalid_request', ...GUARDED, 429),
    },
  });
}

function verificationRoute(deps: AuditRouteDeps) {
  return createRoute({
    ...access(deps, 'AUDITOR', 'ADMIN'),
    method: 'get',
    path: '/api/audit-log/verification',
    summary: 'Whether the chain of the audit log is whole',
    description:
      'Each call goes on where the last one ended, and looks once more at some older entries. Of a ' +
      'long log that was never checked, a call checks a part: `through` is below `entries` then. ' +
      '`npm run audit:verify` checks all at once.',
    tags: ['Operation'],
    responses: { 200: json(Verification, 'The last check'), ...problems(...GUARDED) },
  });
}

/** Whether the client wants all that fits, as JSON lines. */
function wantsLines(c: Context<ApiEnv>): boolean {
  const json = 'application/json';
  const supports = [json, JSON_LINES];
  if (accepts(c, { header: 'Accept', supports, default: json }) === json) return false;
  const ofPages = ['limit', 'cursor'].filter((name) => c.req.query(name) !== undefined);
  if (ofPages.length === 0) return true;
  const detail = `\`${ofPages.join('`, `')}\` goes with pages, and ${JSON_LINES} has none.`;
  throw new DomainError('invalid_request', detail);
}

/** All entries that fit, until the client's token ends or the process stops. */
function exportLines(deps: AuditRouteDeps, c: Context<ApiEnv>, filter: AuditFilter): Response {
  const token = c.get('token');
  const over = new AbortController();
  const reader = {
    mayRead: async () => !deps.changes.isEnding() && (await stillCounts(deps, token)),
    end: beginLong(deps, c, () => over.abort()),
    cut: over.signal,
  };
  const answer = jsonLines(bodies(deps.store.auditLog.batches(filter)), reader);
  answer.headers.set('Vary', 'Accept');
  return answer;
}

async function* bodies(batches: AsyncGenerator<AuditEntry[]>) {
  for await (const batch of batches) yield batch.map(toBody);
}

export function auditRoutes(deps: AuditRouteDeps) {
  const { auditLog, auditChecks } = deps.store;

  return newRouter()
    .openapi(listRoute(deps), async (c) => {
      const { cursor, limit, from, to, ...filter } = c.req.valid('query');
      const wanted = { ...filter, since: from, until: to };
      if (wantsLines(c)) return exportLines(deps, c, wanted) as never;
      const found = await auditLog.page(wanted, cursor, limit);
      const { items, nextCursor } = page(found, limit, ({ at, seq }) => ({ at, id: seq }));
      c.header('Vary', 'Accept');
      return c.json({ items: items.map(toBody), nextCursor }, 200);
    })
    .openapi(verificationRoute(deps), async (c) => {
      const { checkedAt, ...result } = await auditChecks.check();
      return c.json({ ...result, checkedAt: checkedAt.toISOString() }, 200);
    });
}
