/**
 * The way in for claims, in two queues. At the door, in front of everything a claim costs, stands a
 * bare request: no token has been verified, no body read and no record looked for, so that ten
 * thousand fit into little memory. Inside, a few wait for their turn at the record.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import type { Registry } from 'prom-client';
import { observeAdmission } from '../metrics.ts';
import type { ApiEnv } from '../router.ts';
import { createTurns, NoTurn, Recalled, type TurnSettings, type Turns } from './turns.ts';

/**
 * How many claims one process records at once, how many may wait at the door, and for how long. A
 * claim here is some ten calls to MongoDB, and more side by side only wait for one another there. A
 * crowd that is turned away costs more than one that waits, as each who comes back is let in again:
 * the queue is as long as a flash event is large.
 */
export const ADMISSION: TurnSettings = { atOnce: 16, waiting: 12_500, patienceMs: 15_000 };

/**
 * For each that is recorded so many are inside. They keep the database busy with looking who they
 * are and what is left, which many do together for the price of one; more only take memory.
 */
const INSIDE = 8;

/** So many at the door leave behind what is worth collecting. */
const CROWD = 1_000;

/** Where a claim is made. */
export const CLAIM_PATH = '/api/event-claims/:eventId/claim';
const CLAIM_URL = /^\/api\/event-claims\/([^/?]+)\/claim(?:\?|$)/;

export interface Admission {
  /** Node's own, with the door in front of what handles the server's requests. */
  createServer: typeof createServer;
  /** Middleware of the claim route, in front of all other: answers those who were turned away. */
  turnAway: MiddlewareHandler<ApiEnv>;
  /** Lets the next in before this one is answered: what it still does takes long and costs nothing. */
  letNextIn(c: Context<ApiEnv>): void;
  /** Who waits at the door, by event. */
  door: Turns;
  /** Turns at the record. */
  records: Turns;
  /** Counts what was refused inside. */
  refused(error: unknown): void;
}

/** What became of a request at the door: it is in until it calls this, or there was no turn for it. */
type Visit = (() => void) | NoTurn;

/** @param onCrowd told, over and over, that a crowd is at the door which takes much memory */
export function createAdmission(
  metrics: Registry,
  settings: TurnSettings = ADMISSION,
  onCrowd: () => void = () => {},
): Admission {
  const observed = observeAdmission(metrics);
  const door = createTurns({ ...settings, atOnce: INSIDE * settings.atOnce }, observed.refused);
  const records = createRecordTurns(settings);
  observed.watch({
    waiting: () => door.waiting() + records.waiting(),
    underWay: records.underWay,
  });
  const visits = new WeakMap<IncomingMessage, Visit>();
  function createServerBehind(options: ServerOptions, handler: RequestListener): Server {
    return createServer(options, (request, response) => {
      const eventId = claimedEvent(request);
      if (eventId === undefined) return handler(request, response);
      if (door.waiting() >= CROWD) onCrowd();
      void pass(door, eventId, response, (visit) => {
        visits.set(request, visit);
        handler(request, response);
      });
    });
  }
  const visitOf = ({ env }: Context<ApiEnv>) => env?.incoming && visits.get(env.incoming);
  return {
    createServer: createServerBehind as typeof createServer,
    async turnAway(c, next) {
      const visit = visitOf(c);
      if (visit instanceof NoTurn) throw visit;
      await next();
    },
    letNextIn(c) {
      const visit = visitOf(c);
      if (typeof visit === 'function') visit();
    },
    door,
    records,
    refused: observed.refused,
  };
}

/** Turns at the record. Nobody is turned away here for want of room: who was let in has a place. */
export function createRecordTurns({ atOnce, patienceMs } = ADMISSION): Turns {
  return createTurns({ atOnce, waiting: 2 * INSIDE * atOnce, patienceMs });
}

/** The event that a request claims, as its address names it; undefined for any other request. */
function claimedEvent({ method, url = '' }: IncomingMessage): string | undefined {
  return method === 'POST' ? CLAIM_URL.exec(url)?.[1] : undefined;
}

/** Goes on when the request's turn has come, or when it is known that it does not come. */
async function pass(
  door: Turns,
  lane: string,
  response: ServerResponse,
  goOn: (visit: Visit) => void,
): Promise<void> {
  const enter = async () => {
    const left = Promise.withResolvers<void>();
    response.once('close', left.resolve);
    goOn(left.resolve);
    await left.promise;
  };
  // Whoever hangs up leaves the line.
  const onWait = (leave: () => void) => void response.once('close', leave);
  await door.run(lane, enter, onWait).catch((error: unknown) => {
    if (error instanceof NoTurn) goOn(error);
    else if (!(error instanceof Recalled)) throw error;
  });
}
