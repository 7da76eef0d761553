/** A crowd that claims in the same moment, and what becomes of each of its players. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { makeEvent } from './books.ts';
import { claimIn, claimRequest } from './claiming.ts';
import { closedLoop, wiresTo } from './load.ts';
import { makePlayers, type Player } from './players.ts';
import type { Stack } from './stack.ts';
import { until } from './until.ts';
import { memoryOf } from './usage.ts';
import { Broken, headerOf, type Wire } from './wire.ts';

export interface Crowd {
  players: number;
  stock: number;
}

/** What came of one flash event. */
export interface Outcome {
  /** When each player knew "held for you" or "sold out", in milliseconds from the start, in order. */
  knownMs: number[];
  /** Told that a unit is held for them: those whose claim was accepted, and not rejected at once. */
  held: number;
  soldOut: number;
  /** Answers 503, other answers of 5xx, and connections that broke. */
  unavailable: number;
  otherFailures: number;
  granted: number;
  /** From the first grant to the last. */
  grantedPerS: number;
  /** From the start to the last grant. */
  allGrantedMs: number;
  /** Runs that Temporal has of the event, and records that MongoDB has. */
  workflows: number;
  records: number;
  /** Units that the books have neither granted nor still there; must be none. */
  unitsHeld: number;
  unitsLeft: number;
}

/** Connections opened at once before the start: a listening socket queues some hundred. */
const OPENED_AT_ONCE = 200;

/** Reads are cheap; what it looks for takes seconds. */
const POLL_MS = 500;

/** Everybody is connected, and sends at once. Resolves when the last claim is final. */
export async function flash(stack: Stack, client: Client, crowd: Crowd): Promise<Outcome> {
  const { books, tokens, ports } = stack;
  const { eventId } = await makeEvent(books, crowd.stock);
  const players = await makePlayers(books, tokens, crowd.players);
  const wires = wiresTo(ports, players.length);
  await closedLoop(wires, OPENED_AT_ONCE, async (wire) => void (await wire.open()));
  try {
    const startedAtMs = Date.now();
    const counted = { unavailable: 0, otherFailures: 0 };
    const startedMs = performance.now();
    const learned = await Promise.all(
      players.map(async (player, n) => {
        const known = await learn(wires[n] as Wire, eventId, player, counted);
        return { known, ms: performance.now() - startedMs };
      }),
    );
    await until('the last claim of the flash', async () => (await openOf(stack, eventId)) === 0, {
      pollMs: POLL_MS,
    });
    const held = learned.filter(({ known }) => known === 'HELD').length;
    return {
      knownMs: learned.map(({ ms }) => ms).sort((a, b) => a - b),
      held,
      soldOut: learned.length - held,
      ...counted,
      ...(await bookedOf(stack, client, eventId, startedAtMs)),
    };
  } finally {
    for (const wire of wires) wire.close();
  }
}

async function openOf({ books }: Stack, eventId: string): Promise<number> {
  return await books.store.claims.model.countDocuments({ eventId, open: true });
}

/** What the books say, once all is over. */
async function bookedOf({ books }: Stack, client: Client, eventId: string, startedAtMs: number) {
  const { claims, stock } = books.store;
  const [granted, records, [book], first, last] = await Promise.all([
    claims.model.countDocuments({ eventId, state: 'GRANTED' }),
    claims.model.countDocuments({ eventId }),
    stock.levels(eventId),
    claims.model.findOne({ eventId, state: 'GRANTED' }).sort({ endedAt: 1 }).lean(),
    claims.model.findOne({ eventId, state: 'GRANTED' }).sort({ endedAt: -1 }).lean(),
  ]);
  const workflows = async () => (await client.workflow.count(`EventId = "${eventId}"`)).count;
  // Temporal's list of runs lags behind a little.
  await until('the list of runs', async () => (await workflows()) >= granted, { pollMs: POLL_MS });
  // The crowd is told first; from the first grant on it is granting.
  const endOf = (claim: typeof last) => claim?.endedAt?.getTime() ?? Number.NaN;
  return {
    granted,
    grantedPerS: ((granted - 1) / (endOf(last) - endOf(first))) * 1_000,
    allGrantedMs: endOf(last) - startedAtMs,
    workflows: await workflows(),
    records,
    unitsHeld: book?.held ?? Number.NaN,
    unitsLeft: book?.available ?? Number.NaN,
  };
}

type Known = 'HELD' | 'SOLD_OUT';

/**
 * Claims with one key until there is an answer. A claim that was accepted counts as told that a unit
 * is held; whether that was true shows in the end.
 */
async function learn(
  wire: Wire,
  eventId: string,
  player: Player,
  counted: { unavailable: number; otherFailures: number },
): Promise<Known> {
  const request = claimRequest(eventId, player, 0);
  for (;;) {
    const answer = await wire.send(request).catch((error: unknown) => {
      if (error instanceof Broken) return undefined;
      throw error;
    });
    // One of the few that were recorded in vain is final in the answer.
    if (answer?.status === 200 && claimIn(answer).reason === 'SOLD_OUT') return 'SOLD_OUT';
    if (answer !== undefined && answer.status < 300) return 'HELD';
    if (answer?.status === 409 && answer.body.includes('sold_out')) return 'SOLD_OUT';
    if (answer !== undefined && answer.status < 500) {
      throw new Error(`a flash claim was answered ${answer.status}: ${answer.body}`);
    }
    const askedAgainAfterS = answer && headerOf(answer, 'retry-after');
    const isNotNow = answer?.status === 503 && askedAgainAfterS !== undefined;
    counted[isNotNow ? 'unavailable' : 'otherFailures'] += 1;
    // Spread, as good clients do: a crowd that was sent away together must not come back together.
    await sleep(Number(askedAgainAfterS ?? 1) * 1_000 * (1 + Math.random() / 2));
  }
}

/** What each process of the stack has in RAM, in MiB, now and at most. */
export function memoryOfStack(stack: Stack): Record<string, { rssMiB: number; peakMiB: number }> {
  const found = Object.entries(stack.pids()).map(([name, pid]) => {
    return [name, pid === undefined ? undefined : memoryOf(pid)] as const;
  });
  return Object.fromEntries(found.filter((entry): entry is [string, never] => !!entry[1]));
}
