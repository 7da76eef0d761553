/**
 * Periods: how often a player may claim. A day starts at the reset hour in an IANA time zone; a
 * week on Monday's start, a month on the 1st's.
 *
 * Only the API computes periods: a claim's key is fixed when it is accepted. Workflow code must
 * not import this file, as it carries a library and the machine's time zone data.
 */
import { Temporal } from 'temporal-polyfill';

export const PERIOD_KINDS = ['ONCE', 'DAILY', 'WEEKLY', 'MONTHLY'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

export interface Period {
  kind: PeriodKind;
  /** An IANA name, `Asia/Seoul`. */
  timeZone: string;
  /** 0 to 23, local time. */
  resetHour: number;
}

/** From `start` until before `end`. */
export interface PeriodBounds {
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

/** The span last asked for, by period: claims come at about now, so nearly all find theirs here. */
const spans = new Map<string, Span>();

/**
 * The name of the period that holds `at`: `once`, `2026-11-22`, `2026-W47` (ISO 8601 week and its
 * year) or `2026-11`. Later periods have greater keys.
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

/** Whether a name is an IANA time zone's. An offset (`+09:00`) is none: it knows no daylight saving. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

function spanAt(period: Period, atMs: number): Span {
  const id = `${period.kind} ${period.timeZone} ${period.resetHour}`;
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
  const first = firstDay(period.kind, day);
  return {
    key: keyOf(period.kind, day),
    startMs: dayStartMs(period, first),
    endMs: dayStartMs(period, nextFirstDay(period.kind, first)),
  };
}

/** The day whose span holds the instant: near midnight and the reset hour not the calendar's. */
function dayHolding(period: Period, atMs: number): Temporal.PlainDate {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(period.timeZone);
  let day = local.toPlainDate();
  while (atMs < dayStartMs(period, day)) day = day.subtract({ days: 1 });
  while (dayStartMs(period, day.add({ days: 1 })) <= atMs) day = day.add({ days: 1 });
  return day;
}

/**
 * The first instant at which the zone's clocks show the reset hour of that date or later. So where
 * clocks are set back over the reset hour its first occurrence counts, and where they are set
 * forward over it the day starts as they jump. A date the zone left out altogether (Samoa's
 * 2011-12-30) has no span of its own: it starts, and ends, as the next one starts.
 */
function dayStartMs(period: Period, date: Temporal.PlainDate): number {
  const wall = date.toPlainDateTime({ hour: period.resetHour });
  const earlier = wall.toZonedDateTime(period.timeZone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;

  const later = wall.toZonedDateTime(period.timeZone, { disambiguation: 'later' });
  if (isBetween(earlier.toPlainDate(), date, later.toPlainDate())) {
    return dayStartMs(period, date.add({ days: 1 }));
  }
  // The gap's end, not `later`: that lies past it by as much as the reset hour lies inside it.
  return (earlier.getTimeZoneTransition('next') ?? later).epochMilliseconds;
}

function isBetween(a: Temporal.PlainDate, b: Temporal.PlainDate, c: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(a, b) < 0 && Temporal.PlainDate.compare(b, c) < 0;
}

function firstDay(kind: PeriodKind, day: Temporal.PlainDate): Temporal.PlainDate {
  if (kind === 'WEEKLY') return day.subtract({ days: day.dayOfWeek - 1 });
  return kind === 'MONTHLY' ? day.with({ day: 1 }) : day;
}

function nextFirstDay(kind: PeriodKind, first: Temporal.PlainDate): Temporal.PlainDate {
  if (kind === 'WEEKLY') return first.add({ weeks: 1 });
  return first.add(kind === 'MONTHLY' ? { months: 1 } : { days: 1 });
}

function keyOf(kind: PeriodKind, day: Temporal.PlainDate): string {
  if (kind === 'WEEKLY') {
    const week = String(day.weekOfYear).padStart(2, '0');
    return `${String(day.yearOfWeek).padStart(4, '0')}-W${week}`;
  }
  return kind === 'MONTHLY' ? day.toPlainYearMonth().toString() : day.toString();
}
