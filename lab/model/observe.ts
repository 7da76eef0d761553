/** Observes the real product from outside: only what belongs to one sequence's cast. */

import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { dataOf } from '../../client/index.ts';
import type { EventStats } from '../../store/events/event-stats.ts';
import { byName, type Cast } from './cast.ts';
import { isFinal } from './claim-steps.ts';
import {
  describeClaim,
  describeCounts,
  describeLine,
  describeStock,
  type Observation,
} from './observation.ts';
import { named } from './world.ts';

/** Items of one page: more than a sequence can make of anything. */
const PAGE = 200;

type Claims = Pick<ClaimBody, 'claimId' | 'userId' | 'state' | 'reason' | 'eventId' | 'lines'>[];

/**
 * Each claim's state and reason, read from the records: cheap enough to poll. A parked claim that
 * has not acted on its decision yet is marked, as it is going to move.
 */
export async function claimsNow({ system, claimNames }: Cast): Promise<Record<string, string>> {
  const records = await system.laurel.store.claims.model
    .find({ _id: { $in: Object.keys(claimNames) } }, { state: 1, reason: 1, parking: 1 })
    .lean();
  return Object.fromEntries(
    records.map((record) => {
      const isDecided = record.state === 'NEEDS_ATTENTION' && record.parking?.decision != null;
      return [
        named(claimNames, record._id),
        describeClaim(record) + (isDecided ? ', decided' : ''),
      ];
    }),
  );
}

/** Observes everything after a step. @param answers how the step's operations were answered */
export async function look(cast: Cast, answers: string[]): Promise<Observation> {
  const names = Object.keys(cast.eventIds);
  const claims = (await Promise.all(names.map((name) => claimsOf(cast, name)))).flat();
  const [stats, grants, entitled] = await Promise.all([
    byName(names, (name) => statsOf(cast, name)),
    grantsOf(cast, claims),
    entitledOf(cast),
  ]);
  return {
    answers,
    claims: Object.fromEntries(
      claims.map((c) => [named(cast.claimNames, c.claimId), describeClaim(c)]),
    ),
    stock: Object.fromEntries(
      names.flatMap((name) => stockLevelsOf(name, stats[name] ?? null, claims, cast)),
    ),
    counts: Object.fromEntries(
      names.flatMap((name) => (stats[name] ? [[name, describeCounts(stats[name].claims)]] : [])),
    ),
    grants,
    entitled,
    ledger: ledgerOf(cast, claims),
    signIns: Object.fromEntries(Object.entries(cast.players).map(([name, p]) => [name, p.signIn])),
  };
}

async function claimsOf({ system, eventIds }: Cast, name: string): Promise<Claims> {
  const params = { query: { eventId: named(eventIds, name), limit: PAGE } };
  const { laurel, admin } = system;
  return (await dataOf(laurel.as(admin).GET('/api/event-claims', { params }))).items;
}

/** The event's statistics. Null if it is deleted. */
async function statsOf({ system, eventIds }: Cast, name: string): Promise<EventStats | null> {
  const params = { path: { eventId: named(eventIds, name) } };
  const admin = system.laurel.as(system.admin);
  const { data } = await admin.GET('/api/events/{eventId}/stats', { params });
  return data ?? null;
}

function stockLevelsOf(
  name: string,
  stats: EventStats | null,
  claims: Claims,
  { eventIds }: Cast,
): [string, string][] {
  const own = claims.filter((claim) => claim.eventId === eventIds[name]);
  const areAllFinal = own.every((claim) => isFinal(claim.state));
  return (stats?.rewards ?? []).map((levels) => [
    `${name}/${levels.rewardId}`,
    describeStock(levels, areAllFinal),
  ]);
}

async function grantsOf(cast: Cast, claims: Claims): Promise<string[]> {
  const { laurel, admin } = cast.system;
  const finals = claims.filter((c) => isFinal(c.state));
  const final = new Set(finals.map((c) => c.claimId));
  const lists = await Promise.all(
    [...new Set(finals.map((c) => c.userId))].map(async (userId) => {
      const params = { query: { userId, limit: PAGE } };
      return (await dataOf(laurel.as(admin).GET('/api/grants', { params }))).items;
    }),
  );
  return lists
    .flat()
    .filter(({ claimId }) => final.has(claimId))
    .map(({ claimId, lineId }) => `${named(cast.claimNames, claimId)}:${lineId}`)
    .sort();
}

async function entitledOf({ system, claimNames }: Cast): Promise<string[]> {
  const having = await system.laurel.store.claims.model
    .find({ _id: { $in: Object.keys(claimNames) }, entitlements: { $exists: true } }, { _id: 1 })
    .lean();
  return having.map(({ _id }) => named(claimNames, _id)).sort();
}

/** What the game has on record for every line of its claims. */
function ledgerOf(cast: Cast, claims: Claims): Record<string, string> {
  const lines = claims
    .filter(({ eventId }) => providerOf(cast, eventId) === 'game')
    .flatMap(({ claimId, lines }) => lines.map(({ lineId }) => ({ claimId, lineId })));
  const wanted = new Set(lines.map(({ claimId, lineId }) => `${claimId}:${lineId}`));
  const game = new Map(
    cast.system.laurel.game
      .ledger()
      .filter(({ grantId }) => wanted.has(grantId))
      .map((grant) => [grant.grantId, grant]),
  );
  return Object.fromEntries(
    lines.map(({ claimId, lineId }) => {
      const there = game.get(`${claimId}:${lineId}`);
      const line = {
        atProvider: there?.state ?? ('NEVER_SEEN' as const),
        given: there?.applied ?? 0,
      };
      return [`${named(cast.claimNames, claimId)}:${lineId}`, describeLine(line)];
    }),
  );
}

function providerOf({ events, eventIds }: Cast, eventId: string): string | undefined {
  const name = Object.keys(eventIds).find((n) => eventIds[n] === eventId);
  return name === undefined ? undefined : events[name]?.provider;
}
