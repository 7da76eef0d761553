/**
 * Admission of claims: the door, and the queue for a record slot. What waits where, for how long
 * and what is refused with what: see `README.md` beside this file.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Context, Next } from 'hono';
import type { Registry } from 'prom-client';
import { DomainError } from '../../../domain/errors.ts';
import type { ApiEnv } from '../../api-env.ts';
import { observeAdmission } from '../../metrics.ts';
import { claimedEventOf } from '../claim-url.ts';
import { createFairQueue, type FairQueue, type QueueSettings } from './fair-queue.ts';

/**
 * The defaults of one process. 16 record slots: a claim is about five calls to MongoDB, and with
 * more side by side they only wait for one another there. 12,500 may wait: as many as a flash event
 * brings, because a client that is turned away comes back and costs more than one that waits.
 */
export const ADMISSION: QueueSettings = { atOnce: 16, waiting: 12_500, patienceMs: 15_000 };

/**
 * Requests admitted for each record slot. They authenticate and read the event while they wait for
 * their slot, and share those reads. More of them would only take memory.
 */
const INSIDE_PER_SLOT = 8;

/** Requests at the door that make a crowd: after so many it pays to give memory back. */
const CROWD = 1_000;

export type Admission = ReturnType<typeof createAdmission>;

/** A request at the door, or one that has passed it. */
interface Visit {
  request: IncomingMessage;
  response: ServerResponse;
  handle: () => Promise<void>;
  cameAtMs: number;
  /** Frees the place inside; there once the request was admitted. */
  leave?: () => void;
  turnedAway?: DomainError;
}

/** @param onCrowd called for each request that finds a crowd at the door, which takes memory */
export function createAdmission(
  metrics: Registry,
  settings: QueueSettings = ADMISSION,
  onCrowd: () => void = () => {},
) {
  const observed = observeAdmission(metrics);
  const inside = INSIDE_PER_SLOT * settings.atOnce;
  /** The requests that wait to be admitted; a lane is an event. */
  const door = createFairQueue({ ...settings, atOnce: inside }, observed.refused);
  /** The claims that wait to be recorded; for the lanes see `laneOf`. */
  const records = createRecordQueue(settings);
  observed.watch({
    waiting: () => door.waiting() + records.waiting(),
    underWay: records.underWay,
  });
  const visits = new WeakMap<IncomingMessage, Visit>();
  const visitOf = ({ env }: Context<ApiEnv>) => env?.incoming && visits.get(env.incoming);
  return {
    /** Puts the door in front of the server's request handler. */
    behindDoor:
      (handler: RequestListener) => (request: IncomingMessage, response: ServerResponse) => {
        const eventId = claimedEventOf(request);
        if (eventId === undefined) return handler(request, response);
        if (door.waiting() >= CROWD) onCrowd();
        // The handler resolves once the answer was handed over, though its type does not say so.
        const handle = async () => await handler(request, response);
        const visit: Visit = { request, response, handle, cameAtMs: performance.now() };
        visits.set(request, visit);
        void passDoor(door, eventId, visit);
      },
    /** Middleware of the claim route, to be the first of it: refuses what the door turned away. */
    async turnAway(c: Context<ApiEnv>, next: Next): Promise<void> {
      const visit = visitOf(c);
      if (visit?.turnedAway) throw visit.turnedAway;
      if (!visit && c.env?.incoming) {
        // The door did not know the address, such as `cl%61im`. It must not be passed by this.
        throw new DomainError('not_found', 'There is nothing at this address.');
      }
      await next();
    },
    /** Frees the request's place inside before its answer: the rest takes long but costs little. */
    leaveEarly: (c: Context<ApiEnv>) => visitOf(c)?.leave?.(),
    /** When the request came to the door, on `performance.now()`; undefined for other requests. */
    cameAtMs: (c: Context<ApiEnv>) => visitOf(c)?.cameAtMs,
    /** Turns away all who wait at the door, and from now on all who would have to. */
    close: door.close,
    door,
    records,
    /** Counts a refusal of a claim that was admitted. */
    countRefusal: observed.refused,
  };
}

/**
 * The queue for a record slot. It has room for all who can be inside, even where one event's lane
 * has them all, so it turns away only those who wait too long.
 */
export function createRecordQueue({ atOnce, patienceMs } = ADMISSION): FairQueue {
  return createFairQueue({ atOnce, waiting: 2 * INSIDE_PER_SLOT * atOnce, patienceMs });
}

/**
 * Handles a request once it is admitted, or once it is turned away. Its place inside is free when
 * it was answered, or left early. No client keeps a place by being slow: the place is not kept
 * while the answer is being taken, nor while the rest of a request is being sent.
 */
async function passDoor(door: FairQueue, lane: string, visit: Visit): Promise<void> {
  const { request, response, handle } = visit;
  const enter = async () => {
    const left = Promise.withResolvers<void>();
    visit.leave = left.resolve;
    const answered = handle();
    // A body as small as a claim's comes with the headers, or right behind them.
    await immediate();
    if (request.complete) await Promise.race([answered, left.promise]);
  };
  // A client that hangs up leaves the queue.
  const onWait = (leave: () => void) => void response.once('close', leave);
  const result = await door.run(lane, enter, onWait);
  if (result.state !== 'TURNED_AWAY') return;
  visit.turnedAway = result.refusal;
  await handle();
}
