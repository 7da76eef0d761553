/** The metrics that conditions know by name; every other one is a counter, or a gauge by configuration. */
import type { Leaf } from './condition.ts';

/** How the states of a gauge come together: the highest ever reported, or the latest by `at`. */
type Gauge = 'HIGHEST' | 'LATEST';
export type Gauges = Readonly<Record<string, Gauge>>;

export const LOGIN_STREAK = 'login.streak';
export const ACCOUNT_AGE = 'account.ageDays';
export const EVENT_GRANTED = 'event.granted';
export const TIME_BETWEEN = 'time.between';

/** What Laurel knows by itself: no activity may bear the name, as no condition would ever see it. */
export const KNOWN_BY_ITSELF: readonly string[] = [
  LOGIN_STREAK,
  ACCOUNT_AGE,
  EVENT_GRANTED,
  TIME_BETWEEN,
];

/** Laurel's own books, as against a provider's. */
export const OWN_SOURCE = 'progress';

/** The provider a leaf asks, or null where Laurel knows by itself. */
export function providerOf({ source = OWN_SOURCE }: Leaf): string | null {
  return source === OWN_SOURCE ? null : source;
}

/** Minutes from midnight, the end of a day being 1440. */
interface TimeSpan {
  fromMinute: number;
  untilMinute: number;
}

const TIME_SPAN = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;

/**
 * Reads `HH:MM-HH:MM`, the key of `time.between`: from the first minute until before the second, over
 * midnight where the second is the earlier one. `24:00` may stand at the end. Null where it is none,
 * or where it would last no time at all.
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
