/**
 * The way in for claims, in two queues. At the door, in front of everything a claim costs, stands a
 * bare request: no token has been verified, no body read and no record looked for, so that ten
 * thousand fit into little memory. Inside, a few wait for their turn at the record.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Context, MiddlewareHandler } from 'hono';
import type { Registry } from 'prom-client';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';
import { observeAdmission } from '../metrics.ts';
import {
  createFairQueue,
  type FairQueue,
  NotAdmitted,
  type QueueSettings,
  Recalled,
} from './fair-queue.ts';

/**
 * How many claims one process records at once, how many may wait at the door, and for how long. A
 * claim here is some five calls to MongoDB, and more side by side only wait for one another there. A
 * crowd that is turned away costs more than one that waits, as each who comes back is let in again:
 * the queue is as long as a flash event is large.
 */
export const ADMISSION: QueueSettings = { atOnce: 16, waiting: 12_500, patienceMs: 15_000 };

/**
 * For each that is recorded so many are inside. They keep the database busy with looking who they
 * are and what is left, which many do together for the price of one; more only take memory.
 */
const INSIDE = 8;

/** So many at the door leave behind what is worth collecting. */
const CROWD = 1_000;

/** Where a claim is made: as a route, and in a request's first line, with or without a host. */
export const CLAIM_PATH = '/api/event-claims/:eventId/claim';
const CLAIM_URL = /^(?:https?:\/\/[^/?#]*)?\/api\/event-claims\/([^/?#]+)\/claim(?:[?#]|$)/;

export interface Admission {
  /** Puts the door in front of what handles the server's requests. */
  behindDoor(handler: RequestListener): RequestListener;
  /** Middleware of the claim route, in front of all that costs: answers those who were turned away. */
  turnAway: MiddlewareHandler<ApiEnv>;
  /** When the request came, before it waited; undefined for one that was not at the door. */
  cameAtMs(c: Context<ApiEnv>): number | undefined;
  /** FairQueue away all who wait at the door, and whoever would have to from now on. */
  close(): void;
  /** Lets the next in before this one is answered: what it still does takes long and costs nothing. */
  letNextIn(c: Context<ApiEnv>): void;
  /** Who waits at the door, by event. */
  door: FairQueue;
  /** FairQueue at the record. */
  records: FairQueue;
  /** Counts what was refused inside. */
  refused(error: unknown): void;
}

/** What became of a request at the door: a place inside until it leaves, or no turn. */
interface Visit {
  cameAtMs: number;
  leave?: () => void;
  turnedAway?: NotAdmitted;
}

/** @param onCrowd told, over and over, that a crowd is at the door which takes much memory */
export function createAdmission(
  metrics: Registry,
  settings: QueueSettings = ADMISSION,
  onCrowd: () => void = () => {},
): Admission {
  const observed = observeAdmission(metrics);
  const door = createFairQueue({ ...settings, atOnce: INSIDE * settings.atOnce }, observed.refused);
  const records = createRecordQueue(settings);
  observed.watch({
    waiting: () => door.waiting() + records.waiting(),
    underWay: records.underWay,
  });
  const visits = new WeakMap<IncomingMessage, Visit>();
  const visitOf = ({ env }: Context<ApiEnv>) => env?.incoming && visits.get(env.incoming);
  return {
    behindDoor: (handler) => (request, response) => {
      const eventId = claimedEvent(request);
      if (eventId === undefined) return handler(request, response);
      if (door.waiting() >= CROWD) onCrowd();
      const visit: Visit = { cameAtMs: performance.now() };
      visits.set(request, visit);
      // It settles once the answer was handed over, though its type does not say so.
      const handle = async () => await handler(request, response);
      void pass(door, eventId, { visit, request, response, handle });
    },
    async turnAway(c, next) {
      const visit = visitOf(c);
      if (visit?.turnedAway) throw visit.turnedAway;
      if (!visit && c.env?.incoming) {
        // Spelled so that the door did not know it, such as `cl%61im`: nobody passes like this.
        throw new DomainError('not_found', 'There is nothing at this address.');
      }
      await next();
    },
    letNextIn: (c) => visitOf(c)?.leave?.(),
    cameAtMs: (c) => visitOf(c)?.cameAtMs,
    close: door.close,
    door,
    records,
    refused: observed.refused,
  };
}

/** FairQueue at the record. Nobody is turned away here for want of room: who was let in has a place. */
export function createRecordQueue({ atOnce, patienceMs } = ADMISSION): FairQueue {
  return createFairQueue({ atOnce, waiting: 2 * INSIDE * atOnce, patienceMs });
}

/** The event that a request claims, as its address names it; undefined for any other request. */
function claimedEvent({ method, url = '' }: IncomingMessage): string | undefined {
  return method === 'POST' ? CLAIM_URL.exec(url)?.[1] : undefined;
}

interface AtDoor {
  visit: Visit;
  request: IncomingMessage;
  response: ServerResponse;
  handle: () => Promise<void>;
}

/**
 * Handles the request when its turn has come, or when it is known that it does not come. Its place
 * inside is free once it leaves, or was answered. It does not wait for the client to take the answer,
 * nor to send the rest of a request: so nobody keeps a place by being slow.
 */
async function pass(door: FairQueue, lane: string, at: AtDoor): Promise<void> {
  const { visit, request, response, handle } = at;
  const enter = async () => {
    const left = Promise.withResolvers<void>();
    visit.leave = left.resolve;
    const answered = handle();
    // A body as small as a claim's is here with the headers, or right behind them.
    await immediate();
    if (request.complete) await Promise.race([answered, left.promise]);
  };
  // Whoever hangs up leaves the line.
  const onWait = (leave: () => void) => void response.once('close', leave);
  await door.run(lane, enter, onWait).catch((error: unknown) => {
    if (error instanceof Recalled) return;
    if (!(error instanceof NotAdmitted)) throw error;
    visit.turnedAway = error;
    return handle();
  });
}
