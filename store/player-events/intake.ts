/** Keeping activities: which of them are new, and which are there already. */
import type { ClientSession, Connection } from 'mongoose';
import type { PlayerEvent } from '../../domain/conditions/player-event.ts';
import { DomainError } from '../../domain/errors.ts';
import { inTransaction, isDuplicateKey } from '../mongodb/connection.ts';
import { firstPlace, isOwnPlace, type Known, type Placed, settle } from './places.ts';
import type { PlayerEventStore } from './player-events.ts';
import type { ProgressDayStore } from './progress-days.ts';

/** Batches that meet on the same new IDs are done again, each time with fewer left. */
const MAX_ATTEMPTS = 5;

/** How long it is trusted that no senders share an ID, in milliseconds. */
const TRUSTED_MS = 60_000;

/** An event whose `id` stands for what is kept, by this call or before it. */
export interface Kept extends Known {
  isNew: boolean;
}

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
        await playerEvents.addLate(fresh, session);
        await days.addLate(
          fresh.map(({ event }) => event),
          session,
        );
      }
      rest = later;
    }
    return kept;
  }

  return {
    /** Keeps events of the last day, each with another `id` for its sender. */
    async keep(events: readonly PlayerEvent[]): Promise<Kept[]> {
      if (events.length === 0) return [];
      const kept: Kept[] = [];
      // Most batches hold new IDs only, and are one insert and nothing else.
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

    /** Keeps older events, and adds them to their days' aggregates. */
    async keepLate(events: readonly PlayerEvent[]): Promise<Kept[]> {
      if (events.length === 0) return [];
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        try {
          return await inTransaction(connection, (session) => keepLateTogether(events, session));
        } catch (error) {
          // Another batch kept one of them after this transaction had looked, or made the same day.
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
 * Whether any two senders ever used one `id`. From then on both places of an event are looked at
 * before it is kept: the document under the ID itself may expire before the other sender's.
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
    /** To be called before an event is kept in a place of its sender's own. */
    async note(): Promise<void> {
      if (known.isThere) return;
      await states.updateOne({ _id: 'sharedIds' }, { $set: { sharedIds: true } }, { upsert: true });
      known = { isThere: true, readAtMs: performance.now() };
    },
  };
}
