/**
 * A player's progress. Player events are kept as they come, with one insert each. Days that are
 * over are folded into aggregates. Progress is read from both.
 *
 * - An event of the last day is only kept. Its day is folded two days after its end, when no such
 *   insert can still be running.
 * - An older event may be too late for the fold. It is kept with the mark `late`, and added to its
 *   day's aggregates, in one transaction.
 * - Days before the horizon are read from the aggregates. Later days are read from the player
 *   events, and so are the parts of a quarter of an hour that a window cuts.
 */
import type { Connection } from 'mongoose';
import {
  DAY_MS,
  dayOf,
  type IngestOutcome,
  isSamePlayerEvent,
  MAX_PLAYER_EVENTS,
  type PlayerEvent,
} from '../../domain/conditions/player-event.ts';
import type { ProgressQuery, ProgressReader } from '../../domain/conditions/progress.ts';
import { createKnownUsers } from '../users/known-users.ts';
import { createPlayerEventIntake, type Kept } from './intake.ts';
import { checkPlayerEvent, type PlayerEventRules } from './player-event-shape.ts';
import { createPlayerEventStore } from './player-events.ts';
import { createProgressDayStore } from './progress-days.ts';
import { answerTo, planReads } from './progress-reads.ts';
import { createProgressTotals } from './progress-totals.ts';

/** The rules unless the configuration says otherwise. */
export const DEFAULT_RULES: PlayerEventRules = { ttlDays: 90, gauges: { level: 'HIGHEST' } };

/** Up to this age a player event waits for the fold of its day, in milliseconds. */
const FRESH_MS = DAY_MS;

/**
 * How long after its end a day is folded, in milliseconds: one day more than `FRESH_MS`, for slow
 * clocks and slow writes.
 */
const FOLD_AFTER_MS = 2 * DAY_MS;

/**
 * How many days longer than the age limit player events are kept, and how many days at least. Both
 * count from the start of their day, and last until after the day's fold.
 */
const KEPT_LONGER_DAYS = 2;
const LEAST_KEPT_DAYS = 6;

/**
 * How long a horizon is used before it is read again, in milliseconds. An old one is still true, as
 * it only grows.
 */
const HORIZON_TRUSTED_MS = 60_000;

const NO_SUCH_USER = 'userId: There is no user with this ID';
const FORGOTTEN = 'at: Of a day whose activities are no longer known';
const OTHER_CONTENT = 'id: Used before for another activity';

/** The sender of the event at an index of the batch; undefined where it is not known. */
type SenderOf = (index: number) => string | undefined;

/** An event and its index in the batch. */
interface Indexed {
  index: number;
  event: PlayerEvent;
}

export type ProgressStore = ReturnType<typeof createProgressStore>;

/** @param now our clock */
export function createProgressStore(
  connection: Connection,
  rules: PlayerEventRules = DEFAULT_RULES,
  now: () => Date = () => new Date(),
) {
  const playerEvents = createPlayerEventStore(connection);
  const days = createProgressDayStore(connection);
  const intake = createPlayerEventIntake(connection, playerEvents, days);
  const users = createKnownUsers(connection);
  let forgottenBeforeMs = 0;
  let horizon: { day: number | null; readAtMs: number } | undefined;

  async function foldedBefore(): Promise<number | null> {
    if (!horizon || performance.now() - horizon.readAtMs > HORIZON_TRUSTED_MS) {
      const readAtMs = performance.now();
      horizon = { day: await days.foldedBefore(), readAtMs };
    }
    return horizon.day;
  }

  /**
   * The valid events with their index in the batch and our own IDs of their players, and why the
   * others are rejected.
   */
  async function check(given: readonly unknown[], at: Date, senderOf: SenderOf) {
    const rejected: IngestOutcome['rejected'] = [];
    const wellFormed: Indexed[] = [];
    given.forEach((one, index) => {
      const checked = checkPlayerEvent(one, rules, at);
      if ('message' in checked) rejected.push({ index, message: checked.message });
      else if (checked.event.at.getTime() < forgottenBeforeMs) {
        rejected.push({ index, message: FORGOTTEN });
      } else wellFormed.push({ index, event: { ...checked.event, sender: senderOf(index) } });
    });
    const userIds = await users.resolve(
      wellFormed.map(({ event }) => event.userId),
      at,
    );
    const valid: Indexed[] = [];
    for (const { index, event } of wellFormed) {
      const userId = userIds.get(event.userId);
      if (userId === undefined) rejected.push({ index, message: NO_SUCH_USER });
      else valid.push({ index, event: { ...event, userId } });
    }
    return { valid, rejected };
  }

  async function keepAll(events: readonly PlayerEvent[], at: Date): Promise<Kept[]> {
    const freshSinceMs = at.getTime() - FRESH_MS;
    const { fresh = [], late = [] } = Object.groupBy(events, (event) =>
      event.at.getTime() >= freshSinceMs ? 'fresh' : 'late',
    );
    return [...(await intake.keep(fresh)), ...(await intake.keepLate(late))];
  }

  const keptDays = Math.max(rules.ttlDays + KEPT_LONGER_DAYS, LEAST_KEPT_DAYS);
  const keptS = (keptDays * DAY_MS) / 1_000;

  return {
    playerEvents,
    days,
    /** A page of what is counted for a player; see `progress-totals.ts`. */
    totals: createProgressTotals(connection, foldedBefore),
    /** How long a player event is kept, in seconds from the start of its day. */
    keptS,

    /** Lets player events expire. Call it before anything is ingested. */
    async open(): Promise<void> {
      await playerEvents.expireAfter(keptS, async (beforeS) => {
        const goneMs = now().getTime() - beforeS * 1_000;
        if (beforeS < keptS) await days.setForgottenBefore(dayOf(goneMs) + 1);
      });
      forgottenBeforeMs = (await days.forgottenBefore()) * DAY_MS;
    },

    /**
     * Counts each event of the batch once for its sender, for good. Valid new events count even
     * where others are rejected. A batch that failed halfway may be sent again as it is.
     * @param given up to 1,000 events as they came
     * @param at when they came
     * @param senderOf the sender of the event at that index of the batch
     * @throws RangeError for more than 1,000 events
     */
    async ingest(
      given: readonly unknown[],
      at: Date,
      senderOf: SenderOf = () => undefined,
    ): Promise<IngestOutcome> {
      if (given.length > MAX_PLAYER_EVENTS) throw new RangeError('a batch has 1,000 events');
      const { valid, rejected } = await check(given, at, senderOf);
      const byId = Map.groupBy(valid, ({ event }) => `${event.id} ${event.sender ?? ''}`);
      const firsts = [...byId.values()].map(([first]) => (first as Indexed).event);
      const kept = new Map((await keepAll(firsts, at)).map((one) => [one.event, one]));
      let accepted = 0;
      for (const [first, ...others] of byId.values()) {
        const is = kept.get((first as Indexed).event) as Kept;
        if (is.isNew) accepted += 1;
        for (const { index, event } of is.isNew ? others : [first as Indexed, ...others]) {
          if (!isSamePlayerEvent(is.kept, event)) rejected.push({ index, message: OTHER_CONTENT });
        }
      }
      rejected.sort((a, b) => a.index - b.index);
      return { accepted, duplicates: given.length - rejected.length - accepted, rejected };
    },

    /** Folds every day that is due, earliest first. Two processes may call it at once. */
    async fold(at: Date): Promise<void> {
      const due = dayOf(at.getTime() - FOLD_AFTER_MS);
      for (let day = (await days.foldedBefore()) ?? 0; day < due; day += 1) {
        const next = await playerEvents.earliestDay(day * DAY_MS);
        if (!next || dayOf(next.getTime()) >= due) break;
        day = dayOf(next.getTime());
        await days.fold(day);
        await days.setFoldedBefore(day + 1);
      }
      await days.setFoldedBefore(due);
      horizon = undefined;
    },

    /** See `ProgressReader`. It makes at most two reads, however many queries there are. */
    async read(userId: string, queries: ProgressQuery[]): Promise<(number | null)[]> {
      if (queries.length === 0) return [];
      const goneBeforeMs = now().getTime() - rules.ttlDays * DAY_MS;
      const { plans, dayRanges, playerEventRanges, cutsMs } = planReads(queries, {
        foldedBeforeMs: ((await foldedBefore()) ?? 0) * DAY_MS,
        goneBeforeMs,
      });
      const [quarters, values] = await Promise.all([
        days.read(userId, dayRanges),
        playerEvents.read(userId, playerEventRanges, cutsMs),
      ]);
      return plans.map((plan) => answerTo(plan, quarters, values));
    },
  } satisfies ProgressReader & Record<string, unknown>;
}
