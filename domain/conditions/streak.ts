/**
 * Streaks: days in a row with an activity. A day is a daily period: it starts at the reset time in
 * an IANA time zone, so one day of a year may have 23 hours and another 25.
 *
 * Not for workflow code: it carries a library and the machine's time zone data.
 */

import { type DayStart, periodBounds } from '../events/period.ts';
import { dayOf } from './player-event.ts';

/** The starts of days before one moment, latest first; filled as far back as anyone looked. */
interface Calendar {
  /** The start of the day that follows the first of `starts`. */
  endMs: number;
  startsMs: number[];
}

/** Zones, reset times and UTC days remembered at once: more than one process's open events use. */
const MAX_CALENDARS = 200;
const calendars = new Map<string, Calendar>();

/**
 * How many days in a row had an activity, up to the day that holds `at`, or the one before it where
 * that day has none yet; 0 if neither has. Order and repetition of `activitiesMs` (milliseconds
 * since the epoch) do not matter; those after `at` do not count.
 * @throws RangeError for a time zone that is none
 */
export function streakOf(activitiesMs: Iterable<number>, dayStart: DayStart, at: Date): number {
  const sorted = [...activitiesMs].filter((ms) => ms <= at.getTime()).sort((a, b) => b - a);
  let next = 0;
  /** Whether the day has an activity; the days must be asked for from the latest on. */
  const hasActivity = (startMs: number): boolean => {
    const before = next;
    while (next < sorted.length && (sorted[next] as number) >= startMs) next += 1;
    return next > before;
  };
  const calendar = calendarAt(dayStart, at.getTime());
  const today = hasActivity(startOf(calendar, dayStart, 0)) ? 1 : 0;
  let days = today;
  for (let back = 1; hasActivity(startOf(calendar, dayStart, back)); back += 1) days += 1;
  return days;
}

function calendarAt(dayStart: DayStart, atMs: number): Calendar {
  const { timeZone, resetHour, resetMinute } = dayStart;
  const id = `${timeZone} ${resetHour}:${resetMinute} ${dayOf(atMs)}`;
  const known = calendars.get(id);
  if (known && (known.startsMs[0] as number) <= atMs && atMs < known.endMs) return known;
  const { start, end } = dayHolding(dayStart, atMs);
  const calendar = { endMs: end.getTime(), startsMs: [start.getTime()] };
  if (!known && calendars.size >= MAX_CALENDARS) calendars.clear();
  calendars.set(id, calendar);
  return calendar;
}

/** The start of the day that many days back. */
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
