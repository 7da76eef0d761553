/**
 * Streaks: days in a row with a player event. A day is a daily period: it starts at the reset time
 * in an IANA time zone, so some days have 23 or 25 hours.
 *
 * Workflow code must not import this file: it needs a library and the machine's time zone data.
 */
import { BoundedMap } from '../bounded-map.ts';
import { type DayStart, periodBounds } from '../events/period.ts';
import { dayOf } from './player-event.ts';

/** The starts of the days before one moment, the latest first. Filled as far back as was needed. */
interface Calendar {
  /** The end of the latest day. */
  endMs: number;
  startsMs: number[];
}

/** The most calendars in the cache: more than one process's open events use. */
const MAX_CALENDARS = 200;

/** A cache, by time zone, reset time and UTC day. */
const calendars = new BoundedMap<string, Calendar>(MAX_CALENDARS);

/**
 * How many days in a row have a player event. The streak ends with the day of `at`, or with the day
 * before if that day has none yet; 0 if neither has one.
 * @param eventsMs the times of the player events, in milliseconds since the epoch, in any order;
 *   later ones than `at` do not count
 * @throws RangeError if there is no such time zone
 */
export function streakOf(eventsMs: Iterable<number>, dayStart: DayStart, at: Date): number {
  const sorted = [...eventsMs].filter((ms) => ms <= at.getTime()).sort((a, b) => b - a);
  let next = 0;
  /** Whether the day has a player event. Call it for the latest day first, then backwards. */
  const hasEvent = (startMs: number): boolean => {
    const before = next;
    while (next < sorted.length && (sorted[next] as number) >= startMs) next += 1;
    return next > before;
  };
  const calendar = calendarAt(dayStart, at.getTime());
  const today = hasEvent(startOf(calendar, dayStart, 0)) ? 1 : 0;
  let days = today;
  for (let back = 1; hasEvent(startOf(calendar, dayStart, back)); back += 1) days += 1;
  return days;
}

function calendarAt(dayStart: DayStart, atMs: number): Calendar {
  const { timeZone, resetHour, resetMinute } = dayStart;
  const id = `${timeZone} ${resetHour}:${resetMinute} ${dayOf(atMs)}`;
  const known = calendars.get(id);
  if (known && (known.startsMs[0] as number) <= atMs && atMs < known.endMs) return known;
  const { start, end } = dayHolding(dayStart, atMs);
  const calendar = { endMs: end.getTime(), startsMs: [start.getTime()] };
  calendars.set(id, calendar);
  return calendar;
}

/** The start of the day so many days before the latest. */
function startOf({ startsMs }: Calendar, dayStart: DayStart, back: number): number {
  while (startsMs.length <= back) {
    const laterMs = startsMs[startsMs.length - 1] as number;
    startsMs.push(dayHolding(dayStart, laterMs - 1).start.getTime());
  }
  return startsMs[back] as number;
}

function dayHolding(dayStart: DayStart, atMs: number) {
  const daily = { ...dayStart, kind: 'DAILY', resetDay: 'MONDAY' } as const;
  const bounds = periodBounds(daily, new Date(atMs));
  if (!bounds) throw new Error('a daily period has bounds');
  return bounds;
}
