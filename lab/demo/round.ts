/** One round of the demo: every player claims one event, three times at once with the same key. */
import { randomUUID } from 'node:crypto';
import { type components, dataOf } from '../../client/index.ts';
import type { Api, Player } from './client.ts';
import { each, progress } from './terminal.ts';

type Claim = components['schemas']['Claim'];
export type Stats = components['schemas']['EventStats'];

export interface Round {
  name: string;
  eventId: string;
  /** Final claims, at most one for each player. */
  claims: Claim[];
  /** Players refused without a claim, by code. */
  refused: Map<string, number>;
  replays: number;
  /** Retries of parked claims by an admin. */
  retried: number;
  slowestMs: number;
  stats: Stats;
  /** Broken promises, one text each. Empty if all is well. */
  broken: string[];
}

/** Players who claim at once. */
const PLAYERS_AT_ONCE = 25;
const FINAL = ['GRANTED', 'REJECTED', 'FAILED'];

/** A claim that is not final after this time is reported, in milliseconds. */
const PATIENCE_MS = 180_000;

/** Sends the same claim three times at once. All answers must name one claim. Null if it is refused. */
async function claimThrice({ userId, api }: Player, round: Round): Promise<string | null> {
  const path = { eventId: round.eventId };
  const params = { path, header: { 'Idempotency-Key': randomUUID() } };
  const send = () => api.POST('/api/event-claims/{eventId}/claim', { params });
  const answers = await Promise.all([send(), send(), send()]);
  const ids = new Set(answers.flatMap(({ data }) => data?.claimId ?? []));
  if (ids.size > 1) round.broken.push(`${userId}: one key, several claims`);
  round.replays += answers.filter(({ response }) =>
    response.headers.has('idempotency-replayed'),
  ).length;
  const [claimId] = ids;
  if (claimId !== undefined) return claimId;
  const { error, response } = answers[0];
  const code = error?.code ?? String(response.status);
  round.refused.set(code, (round.refused.get(code) ?? 0) + 1);
  return null;
}

/** Waits for a claim's end, and retries it as an admin while it is parked. Null if it takes too long. */
async function followed(admin: Api, { api }: Player, claimId: string, round: Round) {
  const path = { claimId };
  const waiting = { params: { path, header: { Prefer: 'wait=10' } } };
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endsAtMs) {
    const claim = await dataOf(api.GET('/api/event-claims/{claimId}', waiting));
    if (FINAL.includes(claim.state)) return claim;
    if (claim.state !== 'NEEDS_ATTENTION') continue;
    const { response } = await admin.POST('/api/event-claims/{claimId}/retry', {
      params: { path },
    });
    if (response.status === 202) round.retried += 1;
  }
  round.broken.push(`${claimId} is not final`);
  return null;
}

/** The stock must add up, hold nothing, and count each granted claim once. */
function checkStock(round: Round): void {
  const granted = round.claims.filter((c) => c.state === 'GRANTED').length;
  for (const { rewardId, stock, available, held, granted: units } of round.stats.rewards) {
    if (stock !== null && stock !== (available ?? 0) + held + units) {
      round.broken.push(`${rewardId}: stock ${stock} ≠ ${available} + ${held} + ${units}`);
    }
    if (held !== 0) round.broken.push(`${rewardId}: ${held} held with every claim final`);
  }
  const counted = round.stats.claims.GRANTED ?? 0;
  if (counted !== granted) round.broken.push(`${counted} claims granted, ${granted} heard of`);
}

/** Lets every player claim, waits for every claim's end, and checks the stock. */
export async function playRound(
  admin: Api,
  players: readonly Player[],
  { name, eventId }: { name: string; eventId: string },
): Promise<Round> {
  const round: Round = {
    name,
    eventId,
    claims: [],
    refused: new Map(),
    replays: 0,
    retried: 0,
    slowestMs: 0,
    stats: { rewards: [], claims: {} },
    broken: [],
  };
  const shown = progress(`Claims through ${name}`, players.length);
  await each(players, PLAYERS_AT_ONCE, async (player) => {
    const startedAtMs = performance.now();
    const claimId = await claimThrice(player, round);
    const claim = claimId && (await followed(admin, player, claimId, round));
    if (claim) round.claims.push(claim);
    round.slowestMs = Math.max(round.slowestMs, performance.now() - startedAtMs);
    shown.tick();
  });
  shown.end();
  const params = { path: { eventId } };
  round.stats = await dataOf(admin.GET('/api/events/{eventId}/stats', { params }));
  checkStock(round);
  return round;
}
