/** `/api/event-claims` and its summary: lists of claims, and counts by group. */
import { createRoute, z } from '@hono/zod-openapi';
import { CLAIM_STATES, REASONS } from '../../domain/claims/claim.ts';
import { STAFF } from '../../domain/user.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { GROUP_FIELDS } from '../../store/claims/claim-summary.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import { ClaimSchema, toClaimBody, type WebUi } from '../claims/claim-body.ts';
import { CLAIMS_URL } from '../claims/claim-url.ts';
import { NEWEST_FIRST, page, pageOf, pageQuery, SHORT_PAGES } from '../http/paging.ts';
import { ordered, timeRange } from '../http/times.ts';
import { type AuthDeps, access, GUARDED, ownUnlessStaff } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import { OR_EXTERNAL, type UserIdDeps, userIdFilter, userIdInQuery } from '../identity/user-ids.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

interface ClaimListRouteDeps extends AuthDeps {
  store: { claims: Pick<ClaimStore, 'page' | 'summary'> } & UserIdDeps['store'];
  personalReads: PersonalReads;
  /** Temporal's Web UI, where it is known. */
  webUi?: WebUi | undefined;
}

const id = z.string().max(100).optional();

const FILTERS = {
  userId: userIdFilter(`Staff only; a player always gets their own. ${OR_EXTERNAL}`),
  eventId: id,
  state: z.enum(CLAIM_STATES).optional(),
  reason: z.enum(REASONS).optional(),
  provider: id,
  rewardId: id.openapi({ description: 'Claims with a line of this reward.' }),
  periodKey: id,
  idempotencyKey: z.string().max(255).optional(),
  ...timeRange('Created'),
};
const ClaimQuery = ordered(z.object({ ...FILTERS, ...pageQuery(NEWEST_FIRST) }));

const SummaryQuery = ordered(
  z.object({
    by: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(z.enum(GROUP_FIELDS)))
      .refine((fields) => new Set(fields).size === fields.length, 'it names a field twice')
      .default(['state'])
      .openapi({
        type: 'array',
        items: { type: 'string', enum: [...GROUP_FIELDS] },
        minItems: 1,
        uniqueItems: true,
        default: ['state'],
        description: 'What to count by, separated by commas.',
        example: ['reason', 'eventId'],
        param: { style: 'form', explode: false },
      }),
    ...FILTERS,
    userId: userIdFilter(),
  }),
);

const ClaimGroups = z
  .object({
    groups: z.array(
      z.object({
        state: z.enum(CLAIM_STATES).optional(),
        reason: z.enum(REASONS).nullable().optional(),
        eventId: z.string().optional(),
        provider: z.string().optional(),
        count: z.int(),
        oldestAt: z.iso.datetime().openapi({ description: 'When the first was created.' }),
      }),
    ),
  })
  .openapi('ClaimGroups');

const tags = ['Claims'];

function routes(deps: ClaimListRouteDeps) {
  return {
    list: createRoute({
      ...access(deps),
      method: 'get',
      path: CLAIMS_URL,
      summary: 'Claims, newest first',
      description: SHORT_PAGES,
      tags,
      request: { query: ClaimQuery },
      responses: {
        200: json(pageOf(ClaimSchema), 'A page of claims'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
    summary: createRoute({
      ...access(deps, ...STAFF),
      method: 'get',
      path: `${CLAIMS_URL}/summary`,
      summary: 'Claims counted by what they have in common, the largest group first',
      description:
        'By `state` and `eventId`, filtered by nothing else, all claims are counted, however many ' +
        'there are. With anything else each claim that fits is looked at: where these are too many ' +
        'to be counted in time, the answer is 503 `unavailable` and no part of the numbers. Narrow ' +
        'the filter then, by `from` for example.',
      tags,
      request: { query: SummaryQuery },
      responses: {
        200: json(ClaimGroups, 'The groups, with the fields of `by`'),
        ...problems('invalid_request', ...GUARDED),
      },
    }),
  };
}

/** To be mounted before the routes of one claim, which would take `summary` for a claim's ID. */
export function claimListRoutes(deps: ClaimListRouteDeps) {
  const { claims } = deps.store;
  const { list, summary } = routes(deps);
  return newRouter()
    .openapi(list, async (c) => {
      const { cursor, limit, userId, from, to, ...filter } = c.req.valid('query');
      const reader = c.get('user');
      const asked = await userIdInQuery(deps, userId);
      deps.personalReads.note(c, asked);
      const range = { userId: ownUnlessStaff(reader, asked), since: from, until: to };
      const { found, lookedTo } = await claims.page({ ...filter, ...range }, cursor, limit);
      const at = (claim: Claim) => ({ at: claim.createdAt, id: claim._id });
      const { items, nextCursor } = page(found, limit, at, lookedTo);
      const shown = items.map((claim) => toClaimBody(claim, reader, deps.webUi));
      return c.json({ items: shown, nextCursor }, 200);
    })
    .openapi(summary, async (c) => {
      const { by, from, to, ...given } = c.req.valid('query');
      const filter = { ...given, userId: await userIdInQuery(deps, given.userId) };
      deps.personalReads.note(c, filter.userId);
      const groups = await claims.summary({ ...filter, since: from, until: to }, by);
      const shown = groups.map(({ oldestAt, ...group }) => ({
        ...group,
        oldestAt: oldestAt.toISOString(),
      }));
      return c.json({ groups: shown } as z.infer<typeof ClaimGroups>, 200);
    });
}
