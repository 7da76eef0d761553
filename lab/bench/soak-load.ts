/** An open load: new players claim at a constant rate, whether or not earlier claims are answered. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tokens } from '../../api/identity/tokens.ts';
import type { Client } from '../chaos/client.ts';
import type { Story, Told } from '../chaos/players.ts';
import { isFinal } from './claim-requests.ts';
import { closedLoop } from './closed-loop.ts';
import type { Collections } from './collections.ts';
import { makePlayers, type Player } from './players.ts';

export interface Load {
  collections: Collections;
  tokens: Tokens;
  client: Client;
  /** The events to claim, in rotation. */
  eventIds: readonly string[];
}

/** One claim's answer, and how long it took. */
export interface Answered {
  story: Story;
  tookMs: number;
  /** Whether the claim was final in the answer. */
  isFinal: boolean;
}

/** `Prefer: wait` of a claim, in seconds: shorter than the client's timeout. */
const WAIT_S = 10;

/** Most open requests. Beyond them claims are skipped, so that a stopped service is not flooded. */
const MOST_OPEN = 2_000;

/** Players created in one insert. */
const BATCH = 200;

/** The measurement of the peak: clients, and claims that count and that warm up. */
const PEAK = { clients: 50, claims: 400, warmUp: 100 };

/** Claims a second that the stack grants to fifty clients in a closed loop. */
export async function peakOf(load: Load, giveUp: AbortSignal): Promise<number> {
  const round = async (count: number): Promise<number> => {
    const players = await makePlayers(load.collections, load.tokens, count);
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

/** Sends a claim until there is a definite answer, and returns that. */
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

export interface Sending {
  /** The answers since the last call. */
  take(): Answered[];
  /** Claims that were not sent because too many were open. */
  skipped(): number;
  /** Resolves once sending has stopped and every claim has its answer. @throws the first failure */
  ended: Promise<void>;
}

/** Sends claims until `stop` aborts. @param rate claims a second */
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

/** Pause between two tries to create players, in milliseconds. */
const RETRY_MS = 500;

/** Creates players, and retries while a fault keeps MongoDB down. */
async function makePlayersPatiently(load: Load, giveUp: AbortSignal): Promise<Player[]> {
  for (;;) {
    try {
      return await makePlayers(load.collections, load.tokens, BATCH);
    } catch (error) {
      if (giveUp.aborted) throw error;
      await sleep(RETRY_MS);
    }
  }
}
