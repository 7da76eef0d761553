/**
 * Periods: how often a player may claim. A day starts at the reset time in an IANA time zone. A
 * week starts with its first day, a month with the 1st.
 *
 * Only the API computes periods: a claim's period is fixed when it is accepted. Workflow code must
 * not import this file: it needs a library and the machine's time zone data.
 */
import { Temporal } from 'temporal-polyfill';
import { BoundedMap } from '../bounded-map.ts';
import { dayOf } from '../conditions/player-event.ts';

export const PERIOD_KINDS = ['ONCE', 'DAILY', 'WEEKLY', 'MONTHLY'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;
type Weekday = (typeof WEEKDAYS)[number];

/** When a day starts, and in which time zone. */
export interface DayStart {
  /** An IANA name, such as `Asia/Seoul`. */
  timeZone: string;
  /** 0 to 23, local time. */
  resetHour: number;
  /** 0 to 59. */
  resetMinute: number;
}

/** When the days of a period start, without its other fields. */
export function dayStartOf({ timeZone, resetHour, resetMinute }: DayStart): DayStart {
  return { timeZone, resetHour, resetMinute };
}

export interface Period extends DayStart {
  kind: PeriodKind;
  /** The first day of a week; used for `WEEKLY` only. */
  resetDay: Weekday;
}

/** From `start` until before `end`. */
type PeriodBounds = { start: Date; end: Date };

type Span = { key: string; startMs: number; endMs: number };

/** The most spans in the cache: far more than the periods that one process's open events use. */
const MAX_SPANS = 1_000;

/**
 * A cache of spans, by period and UTC day. Nearly all claims find theirs: their moment is now, or
 * in the grace the end of their event.
 */
const spans = new BoundedMap<string, Span>(MAX_SPANS);

/**
 * The key of the period that contains `at`: `once`, `2026-11-22`, `2026-W47` or `2026-11`. Later
 * periods have greater keys. A week has the name of the ISO 8601 week that contains its first day.
 * First days are seven days apart, so no two weeks have the same name.
 * @throws RangeError if there is no such time zone
 */
export function periodKey(period: Period, at: Date): string {
  return period.kind === 'ONCE' ? 'once' : spanAt(period, at.getTime()).key;
}

/**
 * When the period that contains `at` starts and ends; null for `ONCE`, which has no bounds.
 * @throws RangeError if there is no such time zone
 */
export function periodBounds(period: Period, at: Date): PeriodBounds | null {
  if (period.kind === 'ONCE') return null;
  const { startMs, endMs } = spanAt(period, at.getTime());
  return { start: new Date(startMs), end: new Date(endMs) };
}

/**
 * The IANA time zone with that name, spelled as IANA does (`Asia/Seoul` for `asia/seoul`); null if
 * there is none. An offset (`+09:00`) is not accepted: it has no daylight saving time. A zone with
 * two names keeps the given one; see `isSameZone`.
 */
export function timeZoneNamed(name: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return null;
  try {
    return epochIn(name).timeZoneId;
  } catch {
    return null;
  }
}

/**
 * Whether two names mean the same time zone: `Asia/Calcutta` is `Asia/Kolkata`, `UTC` is `Etc/UTC`.
 * @throws RangeError if there is no such time zone
 */
export function isSameZone(a: string, b: string): boolean {
  // `Temporal` (the date library) compares zones by their primary names.
  return a === b || epochIn(a).equals(epochIn(b));
}

function epochIn(timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
}

function spanAt(period: Period, atMs: number): Span {
  const { kind, timeZone, resetHour, resetMinute, resetDay } = period;
  const day = dayOf(atMs);
  const id = `${kind} ${timeZone} ${resetHour}:${resetMinute} ${resetDay} ${day}`;
  const known = spans.get(id);
  if (known && known.startMs <= atMs && atMs < known.endMs) return known;
  const span = computeSpan(period, atMs);
  spans.set(id, span);
  return span;
}

function computeSpan(period: Period, atMs: number): Span {
  const day = dayHolding(period, atMs);
  const first = firstDay(period, day);
  return {
    key: keyOf(period.kind, first),
    startMs: dayStartMs(period, first),
    endMs: dayStartMs(period, nextFirstDay(period.kind, first)),
  };
}

/** The day that contains the instant. Before the reset time it is the calendar's day before. */
function dayHolding(period: Period, atMs: number): Temporal.PlainDate {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(period.timeZone);
  let day = local.toPlainDate();
  while (atMs < dayStartMs(period, day)) day = day.subtract({ days: 1 });
  while (dayStartMs(period, day.add({ days: 1 })) <= atMs) day = day.add({ days: 1 });
  return day;
}

/**
 * The first instant at which the zone's clocks show the reset time of that date or later. If the
 * reset time occurs twice, as clocks are set back, the first one counts. If it is skipped, as
 * clocks are set forward, the day starts when they jump. A date that the zone skipped (Samoa's
 * 2011-12-30) is empty: it starts and ends when the next one starts.
 */
function dayStartMs(period: Period, date: Temporal.PlainDate): number {
  const wall = date.toPlainDateTime({ hour: period.resetHour, minute: period.resetMinute });
  const earlier = wall.toZonedDateTime(period.timeZone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;

  const later = wall.toZonedDateTime(period.timeZone, { disambiguation: 'later' });
  if (isBetween(earlier.toPlainDate(), date, later.toPlainDate())) {
    return dayStartMs(period, date.add({ days: 1 }));
  }
  // The end of the gap. `later` is too late: by as much as the reset time is inside the gap.
  return (earlier.getTimeZoneTransition('next') ?? later).epochMilliseconds;
}

function isBetween(a: Temporal.PlainDate, b: Temporal.PlainDate, c: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(a, b) < 0 && Temporal.PlainDate.compare(b, c) < 0;
}

function firstDay({ kind, resetDay }: Period, day: Temporal.PlainDate): Temporal.PlainDate {
  if (kind === 'WEEKLY') {
    const weekday = WEEKDAYS.indexOf(resetDay) + 1;
    return day.subtract({ days: (day.dayOfWeek - weekday + 7) % 7 });
  }
  return kind === 'MONTHLY' ? day.with({ day: 1 }) : day;
}

function nextFirstDay(kind: PeriodKind, first: Temporal.PlainDate): Temporal.PlainDate {
  if (kind === 'WEEKLY') return first.add({ weeks: 1 });
  return first.add(kind === 'MONTHLY' ? { months: 1 } : { days: 1 });
}

function keyOf(kind: PeriodKind, first: Temporal.PlainDate): string {
  if (kind === 'WEEKLY') {
    const week = String(first.weekOfYear).padStart(2, '0');
    return `${String(first.yearOfWeek).padStart(4, '0')}-W${week}`;
  }
  return kind === 'MONTHLY' ? first.toPlainYearMonth().toString() : first.toString();
}
