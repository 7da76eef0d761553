/** Keeps player events, and tells the new ones from those kept before. */
import type { ClientSession, Connection } from 'mongoose';
import type { PlayerEvent } from '../../domain/conditions/player-event.ts';
import { DomainError } from '../../domain/errors.ts';
import { inTransaction, isDuplicateKey } from '../mongodb/connection.ts';
import { firstPlace, isOwnPlace, type Known, type Placed, settle } from './places.ts';
import type { PlayerEventStore } from './player-events.ts';
import type { ProgressDayStore } from './progress-days.ts';

/**
 * How often a batch is tried where others keep the same new IDs at that time. Each time fewer
 * events are left.
 */
const MAX_ATTEMPTS = 5;

/** How long it is trusted that no two senders share an ID, in milliseconds. */
const TRUSTED_MS = 60_000;

/** A player event, and the one that is kept under its ID. */
export interface Kept extends Known {
  isNew: boolean;
}

/** @param days the aggregates that late events are added to */
export function createPlayerEventIntake(
  connection: Connection,
  playerEvents: PlayerEventStore,
  days: ProgressDayStore,
) {
  const shared = createSharedIds(connection);

  async function settled(events: readonly PlayerEvent[], session?: ClientSession) {
    const divided = settle(events, await playerEvents.find(events, session));
    if (divided.fresh.some(isOwnPlace)) await shared.note();
    return divided;
  }

  async function keepLateTogether(events: readonly PlayerEvent[], session: ClientSession) {
    const kept: Kept[] = [];
    for (let rest = events; rest.length > 0; ) {
      const { known, fresh, later } = await settled(rest, session);
      kept.push(...known.map(asKnown), ...fresh.map(asNew));
      if (fresh.length > 0) {
        const added = fresh.map(({ event }) => event);
        await playerEvents.addLate(fresh, session);
        await days.addLate(added, session);
      }
      rest = later;
    }
    return kept;
  }

  return {
    /** Keeps events of the last day. Each has another `id` for its sender. */
    async keep(events: readonly PlayerEvent[]): Promise<Kept[]> {
      if (events.length === 0) return [];
      const kept: Kept[] = [];
      // Most batches hold new IDs only. Then they are one insert and nothing else.
      let isToLook = await shared.areThere();
      let rest = events;
      for (let attempt = 1; rest.length > 0; attempt += 1) {
        if (attempt > MAX_ATTEMPTS) throw busy();
        const all = { known: [], fresh: rest.map(firstPlace), later: [] };
        const { known, fresh, later } = isToLook ? await settled(rest) : all;
        const failed = new Set((await playerEvents.add(fresh)).map(({ event }) => event));
        kept.push(...known.map(asKnown));
        kept.push(...fresh.filter(({ event }) => !failed.has(event)).map(asNew));
        rest = [...failed, ...later];
        isToLook = true;
      }
      return kept;
    },

    /** Keeps older events, and adds them to the aggregates of their days. */
    async keepLate(events: readonly PlayerEvent[]): Promise<Kept[]> {
      if (events.length === 0) return [];
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        try {
          return await inTransaction(connection, (session) => keepLateTogether(events, session));
        } catch (error) {
          // Another batch kept one of these events after this one read, or created the same day.
          const isMet = [playerEvents, days].some(({ model }) =>
            isDuplicateKey(error, model.collection),
          );
          if (!isMet) throw error;
        }
      }
      throw busy();
    },
  };
}

const asKnown = (known: Known): Kept => ({ ...known, isNew: false });

const asNew = ({ event }: Placed): Kept => ({ event, kept: event, isNew: true });

const BUSY = 'Too many batches with the same events are under way. Try again.';

const busy = () => new DomainError('unavailable', BUSY, { retryAfterS: 1 });

/**
 * Remembers whether any two senders ever used the same `id`. From then on both places of an event
 * are read before it is kept, as the document under the ID itself may expire before the other
 * sender's.
 */
function createSharedIds(connection: Connection) {
  const states = connection.collection<{ _id: string; sharedIds?: boolean }>('progress_state');
  let known = { isThere: false, readAtMs: Number.NEGATIVE_INFINITY };
  return {
    async areThere(): Promise<boolean> {
      const readAtMs = performance.now();
      if (!known.isThere && readAtMs - known.readAtMs > TRUSTED_MS) {
        known = { isThere: (await states.findOne({ _id: 'sharedIds' })) !== null, readAtMs };
      }
      return known.isThere;
    },
    /** Call it before an event is kept in its sender's own place. */
    async note(): Promise<void> {
      if (known.isThere) return;
      await states.updateOne({ _id: 'sharedIds' }, { $set: { sharedIds: true } }, { upsert: true });
      known = { isThere: true, readAtMs: performance.now() };
    },
  };
}
