/** One round of the demo: every player claims one event, three times at once with the same key. */
import { randomUUID } from 'node:crypto';
import type { Api, ClaimAnswer, Stats } from './client.ts';
import { each, progress } from './terminal.ts';

export interface Player {
  userId: string;
  token: string;
}

export interface Round {
  name: string;
  eventId: string;
  /** Final claims, at most one for each player. */
  claims: ClaimAnswer[];
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
async function claimThrice(api: Api, player: Player, round: Round): Promise<string | null> {
  const headers = { 'idempotency-key': randomUUID() };
  const path = `/api/event-claims/${round.eventId}/claim`;
  const send = () =>
    api.call<ClaimAnswer & { code?: string }>('POST', path, { ...player, headers });
  const answers = await Promise.all([send(), send(), send()]);
  const ids = new Set(answers.flatMap((a) => (a.status < 300 ? [a.body.claimId] : [])));
  if (ids.size > 1) round.broken.push(`${player.userId}: one key, several claims`);
  round.replays += answers.filter((a) => a.headers.has('idempotency-replayed')).length;
  const [claimId] = ids;
  if (claimId !== undefined) return claimId;
  const code = answers[0].body.code ?? String(answers[0].status);
  round.refused.set(code, (round.refused.get(code) ?? 0) + 1);
  return null;
}

/** Waits for a claim's end, and retries it as an admin while it is parked. Null if it takes too long. */
async function followed(
  api: Api,
  player: Player,
  claimId: string,
  adminToken: string,
  round: Round,
) {
  const path = `/api/event-claims/${claimId}`;
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endsAtMs) {
    const headers = { prefer: 'wait=10' };
    const claim = await api.get<ClaimAnswer>('GET', path, { ...player, headers });
    if (FINAL.includes(claim.state)) return claim;
    if (claim.state !== 'NEEDS_ATTENTION') continue;
    const { status } = await api.call('POST', `${path}/retry`, { token: adminToken });
    if (status === 202) round.retried += 1;
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
  api: Api,
  adminToken: string,
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
    const claimId = await claimThrice(api, player, round);
    const claim = claimId && (await followed(api, player, claimId, adminToken, round));
    if (claim) round.claims.push(claim);
    round.slowestMs = Math.max(round.slowestMs, performance.now() - startedAtMs);
    shown.tick();
  });
  shown.end();
  const path = `/api/events/${eventId}/stats`;
  round.stats = await api.get<Stats>('GET', path, { token: adminToken });
  checkStock(round);
  return round;
}
