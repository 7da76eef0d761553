/** A flash event: many players claim at the same moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { until } from '../../local/until.ts';
import { claimIn, claimRequest } from './claim-requests.ts';
import { closedLoop, wiresTo } from './closed-loop.ts';
import { makeEvent } from './collections.ts';
import { Broken, headerOf, type Wire } from './http-wire.ts';
import { makePlayers, type Player } from './players.ts';
import { memoryOf } from './process-usage.ts';
import type { Stack } from './stack.ts';

/** The size of a flash event. */
export interface Crowd {
  players: number;
  stock: number;
}

/** The result of one flash event. */
export interface Outcome {
  /** When each player had "held for you" or "sold out", in milliseconds from the start, ascending. */
  knownMs: number[];
  /** Players whose claim was accepted and not rejected at once. */
  held: number;
  soldOut: number;
  /** Answers 503 with `Retry-After`. */
  unavailable: number;
  /** Other answers of 5xx, and broken connections. */
  otherFailures: number;
  granted: number;
  /** From the first grant to the last. */
  grantedPerS: number;
  /** From the start to the last grant. */
  allGrantedMs: number;
  /** The event's runs in Temporal, and its claims in MongoDB. */
  workflows: number;
  records: number;
  /** Units that are still held or available at the end. Both must be 0. */
  unitsHeld: number;
  unitsLeft: number;
}

/** Connections opened at once before the start: a listening socket queues only some hundred. */
const OPENED_AT_ONCE = 200;

/** Pause between two looks at what takes seconds, in milliseconds. */
const POLL_MS = 500;

/** Connects every player, and lets all claim at once. Resolves when the last claim is final. */
export async function flash(stack: Stack, client: Client, crowd: Crowd): Promise<Outcome> {
  const { collections, tokens, ports } = stack;
  const { eventId } = await makeEvent(collections, crowd.stock);
  const players = await makePlayers(collections, tokens, crowd.players);
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
      ...(await resultOf(stack, client, eventId, startedAtMs)),
    };
  } finally {
    for (const wire of wires) wire.close();
  }
}

async function openOf({ collections }: Stack, eventId: string): Promise<number> {
  return await collections.store.claims.model.countDocuments({ eventId, open: true });
}

/** The numbers in MongoDB and Temporal, once every claim is final. */
async function resultOf(
  { collections }: Stack,
  client: Client,
  eventId: string,
  startedAtMs: number,
) {
  const { claims, stock } = collections.store;
  const [granted, records, [levels], first, last] = await Promise.all([
    claims.model.countDocuments({ eventId, state: 'GRANTED' }),
    claims.model.countDocuments({ eventId }),
    stock.books(eventId),
    claims.model.findOne({ eventId, state: 'GRANTED' }).sort({ endedAt: 1 }).lean(),
    claims.model.findOne({ eventId, state: 'GRANTED' }).sort({ endedAt: -1 }).lean(),
  ]);
  const workflows = async () => (await client.workflow.count(`EventId = "${eventId}"`)).count;
  // Temporal's list of runs lags a little.
  await until('the list of runs', async () => (await workflows()) >= granted, { pollMs: POLL_MS });
  // Measured from the first grant: before it the API answers the crowd.
  const endOf = (claim: typeof last) => claim?.endedAt?.getTime() ?? Number.NaN;
  return {
    granted,
    grantedPerS: ((granted - 1) / (endOf(last) - endOf(first))) * 1_000,
    allGrantedMs: endOf(last) - startedAtMs,
    workflows: await workflows(),
    records,
    unitsHeld: levels?.held ?? Number.NaN,
    unitsLeft: levels?.available ?? Number.NaN,
  };
}

type Known = 'HELD' | 'SOLD_OUT';

/**
 * Claims with one key until there is an answer. An accepted claim counts as held: at the end the
 * grants show whether that was true.
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
    // A few claims are recorded and then rejected: these are final in the answer.
    if (answer?.status === 200 && claimIn(answer).reason === 'SOLD_OUT') return 'SOLD_OUT';
    if (answer !== undefined && answer.status < 300) return 'HELD';
    if (answer?.status === 409 && answer.body.includes('sold_out')) return 'SOLD_OUT';
    if (answer !== undefined && answer.status < 500) {
      throw new Error(`a flash claim was answered ${answer.status}: ${answer.body}`);
    }
    const retryAfterS = answer && headerOf(answer, 'retry-after');
    const isNotNow = answer?.status === 503 && retryAfterS !== undefined;
    counted[isNotNow ? 'unavailable' : 'otherFailures'] += 1;
    // With jitter, as good clients do: the crowd must not come back all at once.
    await sleep(Number(retryAfterS ?? 1) * 1_000 * (1 + Math.random() / 2));
  }
}

/** The memory of each process of the stack now and at its peak, in MiB. */
export function memoryOfStack(stack: Stack): Record<string, { rssMiB: number; peakMiB: number }> {
  const found = Object.entries(stack.pids()).map(([name, pid]) => {
    return [name, pid === undefined ? undefined : memoryOf(pid)] as const;
  });
  return Object.fromEntries(found.filter((entry): entry is [string, never] => !!entry[1]));
}
