/** `/api/grants`: the granted lines of claims. A player's own are their mailbox. */
import { createRoute, z } from '@hono/zod-openapi';
import { grantIdOf, REWARD_KINDS } from '../../domain/claims/claim.ts';
import type { GrantFilter } from '../../store/claims/claim-lists.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import { encodeCursor, NEWEST_FIRST, pageOf, pageQuery, SHORT_PAGES } from '../http/paging.ts';
import { ordered, timeRange } from '../http/times.ts';
import { type AuthDeps, access, GUARDED, ownUnlessStaff } from '../identity/auth.ts';
import type { PersonalReads } from '../identity/personal-reads.ts';
import { OR_EXTERNAL, type UserIdDeps, userIdFilter, userIdInQuery } from '../identity/user-ids.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

export interface GrantRouteDeps extends AuthDeps {
  store: { claims: ClaimStore } & UserIdDeps['store'];
  personalReads: PersonalReads;
}

const Grant = z
  .object({
    grantId: z.string(),
    claimId: z.string(),
    lineId: z.string(),
    eventId: z.string(),
    userId: z.string(),
    kind: z.enum(REWARD_KINDS),
    name: z.string(),
    quantity: z.int(),
    grantedAt: z.iso.datetime(),
  })
  .openapi('Grant');
type GrantBody = z.infer<typeof Grant>;

/** Where a page begins: after a claim, and after so many granted lines of the next one. */
const PositionInClaim = z.strictObject({
  after: NEWEST_FIRST.nullable(),
  shown: z.int().min(0).max(1_000),
});
type PositionInClaim = z.output<typeof PositionInClaim>;

/** The claim's granted lines, of those moments. */
function grantsOf(claim: Claim, { since, until }: GrantFilter): GrantBody[] {
  return claim.lines
    .filter((line) => line.state === 'GRANTED')
    .map(({ lineId, kind, name, quantity, grantedAt }) => ({
      grantId: grantIdOf(claim._id, lineId),
      claimId: claim._id,
      lineId,
      eventId: claim.eventId,
      userId: claim.userId,
      kind,
      name,
      quantity,
      grantedAt: grantedAt ?? claim.updatedAt,
    }))
    .filter(({ grantedAt: at }) => (!since || at >= since) && (!until || at < until))
    .map((grant) => ({ ...grant, grantedAt: grant.grantedAt.toISOString() }));
}

/** The list is sorted by the end of the claims. */
const positionOf = (claim: Claim) => ({ at: claim.endedAt ?? claim.updatedAt, id: claim._id });

/** One page of granted lines, and where the next one begins; null if all lines were shown. */
function pageOfGrants(
  claims: readonly Claim[],
  from: PositionInClaim,
  limit: number,
  filter: GrantFilter = {},
) {
  const items: GrantBody[] = [];
  let { after, shown } = from;
  for (const claim of claims) {
    const grants = grantsOf(claim, filter);
    const room = limit - items.length;
    if (room === 0) return { items, next: { after, shown } };
    items.push(...grants.slice(shown, shown + room));
    if (shown + room < grants.length) return { items, next: { after, shown: shown + room } };
    after = positionOf(claim);
    shown = 0;
  }
  return { items, next: null };
}

export function grantRoutes(deps: GrantRouteDeps) {
  const list = createRoute({
    ...access(deps),
    method: 'get',
    path: '/api/grants',
    summary: 'Rewards granted, the latest first',
    description: `By the end of their claims. ${SHORT_PAGES}`,
    tags: ['Claims'],
    request: {
      query: ordered(
        z.object({
          userId: userIdFilter(`Staff only; a player always gets their own. ${OR_EXTERNAL}`),
          eventId: z.string().max(100).optional(),
          ...timeRange('Granted'),
          ...pageQuery(PositionInClaim),
        }),
      ),
    },
    responses: {
      200: json(pageOf(Grant), 'A page of grants'),
      ...problems('invalid_request', ...GUARDED),
    },
  });

  return newRouter().openapi(list, async (c) => {
    const { cursor = { after: null, shown: 0 }, limit, ...asked } = c.req.valid('query');
    const { userId, eventId, from: since, to: until } = asked;
    const named = await userIdInQuery(deps, userId);
    deps.personalReads.note(c, named);
    const whose = ownUnlessStaff(c.get('user'), named);
    const filter = { userId: whose, eventId, since, until };
    const { claims } = deps.store;
    const { found, lookedTo } = await claims.pageWithGrants(
      filter,
      cursor.after ?? undefined,
      limit,
    );
    const { items, next } = pageOfGrants(found, cursor, limit, filter);
    const goesOn = next ?? (lookedTo && { after: positionOf(lookedTo), shown: 0 });
    return c.json({ items, nextCursor: goesOn && encodeCursor(goesOn) }, 200);
  });
}
