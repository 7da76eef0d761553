/**
 * The metrics that Laurel defines. Any other is a counter, or a gauge if the configuration says so.
 */
import type { Leaf } from './condition.ts';

/**
 * Which state of a gauge counts: the highest that was reported, or the latest one by its time `at`.
 */
export const GAUGE_KINDS = ['HIGHEST', 'LATEST'] as const;
export type Gauge = (typeof GAUGE_KINDS)[number];

/** The metrics that are gauges, with their kind. */
export type Gauges = Readonly<Record<string, Gauge>>;

export const LOGIN_STREAK = 'login.streak';
export const ACCOUNT_AGE = 'account.ageDays';
export const EVENT_GRANTED = 'event.granted';
export const TIME_BETWEEN = 'time.between';

/** Metrics that Laurel knows without reading progress. */
export const NO_PROGRESS: readonly string[] = [ACCOUNT_AGE, EVENT_GRANTED, TIME_BETWEEN];

/** Names that no player event may have as its metric: a condition would never read such events. */
export const KNOWN_BY_ITSELF: readonly string[] = [LOGIN_STREAK, ...NO_PROGRESS];

/** The source of a leaf that Laurel answers itself. */
export const OWN_SOURCE = 'progress';

/** The name of the provider that a leaf asks; null if Laurel answers itself. */
export function providerOf({ source = OWN_SOURCE }: Leaf): string | null {
  return source === OWN_SOURCE ? null : source;
}

/** A span of the day, in minutes from midnight. The end of the day is 1440. */
export interface TimeSpan {
  fromMinute: number;
  untilMinute: number;
}

const TIME_SPAN = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;

/**
 * Reads a key of `time.between`, such as `18:00-22:00`: from the first time until before the
 * second. If the second is earlier, the span goes over midnight. The end may be `24:00`. Null if
 * the text is no span, or an empty one.
 */
export function parseTimeSpan(key: string): TimeSpan | null {
  const match = TIME_SPAN.exec(key);
  if (!match) return null;
  const minutes = (hours = '', rest = '') => 60 * Number(hours) + Number(rest);
  const fromMinute = minutes(match[1], match[2]);
  const untilMinute = minutes(match[3] ?? match[5], match[4] ?? match[6]);
  return fromMinute === untilMinute ? null : { fromMinute, untilMinute };
}

/** Whether a minute of the day lies in the span. */
export function isWithin({ fromMinute, untilMinute }: TimeSpan, minute: number): boolean {
  const isAfterStart = fromMinute <= minute;
  const isBeforeEnd = minute < untilMinute;
  return fromMinute < untilMinute ? isAfterStart && isBeforeEnd : isAfterStart || isBeforeEnd;
}
