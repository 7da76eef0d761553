/** New players who claim at an even rate, whether or not those before have their answers. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tokens } from '../../api/identity/tokens.ts';
import type { Client } from '../chaos/client.ts';
import type { Story, Told } from '../chaos/players.ts';
import type { Books } from './books.ts';
import { isFinal } from './claiming.ts';
import { closedLoop } from './load.ts';
import { makePlayers, type Player } from './players.ts';

export interface Load {
  books: Books;
  tokens: Tokens;
  client: Client;
  /** The events claimed, one after the other. */
  eventIds: readonly string[];
}

/** What one player was told, and when. */
export interface Answered {
  story: Story;
  tookMs: number;
  /** Whether the answer was the claim's end. */
  isFinal: boolean;
}

/** Longest wait for a claim's end, in seconds: shorter than the client's own patience. */
const WAIT_S = 10;

/** Past so many open requests a client is not sent: a service that has stopped is not piled upon. */
const MOST_OPEN = 2_000;

/** Players made at a time. */
const BATCH = 200;

const PEAK = { clients: 50, claims: 400, warmUp: 100 };

/** Claims a second that the stack grants to fifty clients, each of whom waits for the end. */
export async function peakOf(load: Load, giveUp: AbortSignal): Promise<number> {
  const round = async (count: number): Promise<number> => {
    const players = await makePlayers(load.books, load.tokens, count);
    const startedMs = performance.now();
    let n = 0;
    await closedLoop(players, PEAK.clients, async (player) => {
      await claimOnce(load, player, n++, giveUp);
    });
    return (count / (performance.now() - startedMs)) * 1_000;
  };
  await round(PEAK.warmUp);
  return await round(PEAK.claims);
}

/** Sends a claim again and again until there is an answer, and says how it was. */
async function claimOnce(
  { client, eventIds }: Load,
  { userId, token }: Player,
  n: number,
  giveUp: AbortSignal,
): Promise<Answered> {
  const eventId = eventIds[n % eventIds.length] as string;
  const key = randomUUID();
  const startedMs = performance.now();
  const { status, body } = await client.insist(
    {
      method: 'POST',
      path: `/api/event-claims/${eventId}/claim`,
      token,
      headers: { 'idempotency-key': key, prefer: `wait=${WAIT_S}` },
    },
    giveUp,
  );
  const told: Told[] = status < 300 ? [body as unknown as Told] : [];
  const refusals = status < 300 ? [] : [String(body.code ?? status)];
  return {
    story: { key, userId, eventId, rewardId: null, told: told.map(toldOf), refusals },
    tookMs: performance.now() - startedMs,
    isFinal: told.some(isFinal),
  };
}

const toldOf = ({ claimId, state, reason }: Told): Told => ({ claimId, state, reason });

interface Sending {
  /** The answers since the last time. */
  take(): Answered[];
  /** How many were not sent, as too many were open. */
  skipped(): number;
  /** Resolves once no more are sent and each has its answer. @throws the first failure */
  ended: Promise<void>;
}

/** Claims at the rate until `stop` aborts. */
export function sendAt(
  rate: number,
  load: Load,
  { stop, giveUp }: { stop: AbortSignal; giveUp: AbortSignal },
): Sending {
  let answers: Answered[] = [];
  let skipped = 0;
  const open = new Set<Promise<void>>();

  async function send(): Promise<void> {
    const startedMs = performance.now();
    let players: Player[] = [];
    for (let n = 0; !stop.aborted; n++) {
      if (players.length === 0) players = await makePlayersPatiently(load, giveUp);
      await sleep(Math.max(0, startedMs + (n * 1_000) / rate - performance.now()));
      const player = players.pop();
      if (player === undefined || stop.aborted) continue;
      if (open.size >= MOST_OPEN) {
        skipped += 1;
        continue;
      }
      const one: Promise<void> = claimOnce(load, player, n, giveUp)
        .then((answered) => void answers.push(answered))
        .finally(() => open.delete(one));
      one.catch(() => {});
      open.add(one);
    }
    await Promise.all(open);
  }

  return {
    take() {
      const taken = answers;
      answers = [];
      return taken;
    },
    skipped: () => skipped,
    ended: send(),
  };
}

const RETRY_MS = 500;

/** While MongoDB is down by a fault there are no new players. */
async function makePlayersPatiently(load: Load, giveUp: AbortSignal): Promise<Player[]> {
  for (;;) {
    try {
      return await makePlayers(load.books, load.tokens, BATCH);
    } catch (error) {
      if (giveUp.aborted) throw error;
      await sleep(RETRY_MS);
    }
  }
}
