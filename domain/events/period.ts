/**
 * Periods: how often a player may claim. A day starts at the reset time in an IANA time zone; a
 * week with the start of its first day, a month with that of the 1st.
 *
 * Only the API computes periods: a claim's key is fixed when it is accepted. Workflow code must
 * not import this file, as it carries a library and the machine's time zone data.
 */
import { Temporal } from 'temporal-polyfill';
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

/** Where and when a day starts. */
export interface DayStart {
  /** An IANA name, `Asia/Seoul`. */
  timeZone: string;
  /** 0 to 23, local time. */
  resetHour: number;
  /** 0 to 59. */
  resetMinute: number;
}

export interface Period extends DayStart {
  kind: PeriodKind;
  /** The first day of a week; counts for `WEEKLY` alone. */
  resetDay: Weekday;
}

/** From `start` until before `end`. */
interface PeriodBounds {
  start: Date;
  end: Date;
}

interface Span {
  key: string;
  startMs: number;
  endMs: number;
}

/** Spans remembered at once: far more than the periods that one process's open events use. */
const MAX_SPANS = 1_000;

/**
 * The span last asked for, by period and UTC day: claims come at about now, or in the grace at about
 * the end of their event, so nearly all find theirs here.
 */
const spans = new Map<string, Span>();

/**
 * The name of the period that holds `at`: `once`, `2026-11-22`, `2026-W47` or `2026-11`. Later
 * periods have greater keys. A week is named by the ISO 8601 week, and its year, that holds its first
 * day, whichever day that is: first days are seven days apart, so each is in an ISO week of its own.
 * @throws RangeError for a time zone that is none.
 */
export function periodKey(period: Period, at: Date): string {
  return period.kind === 'ONCE' ? 'once' : spanAt(period, at.getTime()).key;
}

/**
 * When the period that holds `at` starts and ends; null for `ONCE`, which does neither.
 * @throws RangeError for a time zone that is none.
 */
export function periodBounds(period: Period, at: Date): PeriodBounds | null {
  if (period.kind === 'ONCE') return null;
  const { startMs, endMs } = spanAt(period, at.getTime());
  return { start: new Date(startMs), end: new Date(endMs) };
}

/**
 * The IANA time zone of that name, spelled as IANA does (`asia/seoul` is `Asia/Seoul`); null where
 * there is none. An offset (`+09:00`) is none: it knows no daylight saving. Of two names for one zone
 * each stays what it is; see `isSameZone`.
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
 * Whether two names are of one zone: `Asia/Calcutta` is `Asia/Kolkata`, `UTC` is `Etc/UTC`.
 * @throws RangeError for a time zone that is none.
 */
export function isSameZone(a: string, b: string): boolean {
  // Temporal compares by the primary name, whichever of the names each was made with.
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
  if (!known && spans.size >= MAX_SPANS) forgetOldestSpan();
  spans.set(id, span);
  return span;
}

function forgetOldestSpan(): void {
  const oldest = spans.keys().next();
  if (!oldest.done) spans.delete(oldest.value);
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

/** The day whose span holds the instant: near midnight and the reset time not the calendar's. */
function dayHolding(period: Period, atMs: number): Temporal.PlainDate {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(period.timeZone);
  let day = local.toPlainDate();
  while (atMs < dayStartMs(period, day)) day = day.subtract({ days: 1 });
  while (dayStartMs(period, day.add({ days: 1 })) <= atMs) day = day.add({ days: 1 });
  return day;
}

/**
 * The first instant at which the zone's clocks show the reset time of that date or later. So where
 * clocks are set back over the reset time its first occurrence counts, and where they are set
 * forward over it the day starts as they jump. A date the zone left out altogether (Samoa's
 * 2011-12-30) has no span of its own: it starts, and ends, as the next one starts.
 */
function dayStartMs(period: Period, date: Temporal.PlainDate): number {
  const wall = date.toPlainDateTime({ hour: period.resetHour, minute: period.resetMinute });
  const earlier = wall.toZonedDateTime(period.timeZone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;

  const later = wall.toZonedDateTime(period.timeZone, { disambiguation: 'later' });
  if (isBetween(earlier.toPlainDate(), date, later.toPlainDate())) {
    return dayStartMs(period, date.add({ days: 1 }));
  }
  // The gap's end, not `later`: that lies past it by as much as the reset time lies inside it.
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
