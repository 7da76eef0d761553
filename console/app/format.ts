/** Times, numbers and lengths of time as the viewer's language writes them. */
import { signal } from '@preact/signals';
import { language } from './preferences.ts';

/** How often relative times are written anew, in milliseconds. */
const TICK_MS = 10_000;

/** The time now, in milliseconds since 1970; changes every `TICK_MS`. */
const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, TICK_MS);

/** The viewer's time zone. */
export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Making a formatter takes long, and lists need hundreds of the same. */
const made = new Map<string, unknown>();
function once<T>(name: string, make: (locale: string) => T): T {
  const key = `${language.value} ${name}`;
  if (!made.has(key)) made.set(key, make(language.value));
  return made.get(key) as T;
}

/** A date and a time to the minute. */
const TO_MINUTE = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const;

/** Date and time to the second, with the zone's name. @param zone the viewer's unless given */
export function dateTime(iso: string, zone: string = viewerZone): string {
  const format = once(`dateTime ${zone}`, (locale) =>
    Intl.DateTimeFormat(locale, {
      ...TO_MINUTE,
      timeZone: zone,
      second: '2-digit',
      timeZoneName: 'short',
    }),
  );
  return format.format(new Date(iso));
}

/** Date and time to the minute, as short as it can be without doubt. */
export function shortDateTime(iso: string, zone: string = viewerZone): string {
  const format = once(`short ${zone}`, (locale) =>
    Intl.DateTimeFormat(locale, { ...TO_MINUTE, timeZone: zone }),
  );
  return format.format(new Date(iso));
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** How long ago or ahead, in the largest whole unit: "3 minutes ago". */
export function relative(iso: string): string {
  const ahead = (Date.parse(iso) - now.value) / 1_000;
  // `now` may be a tick behind, so what has just happened seems to be ahead.
  const seconds = ahead > 0 && ahead <= TICK_MS / 1_000 ? 0 : ahead;
  const format = once(
    'relative',
    (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
  );
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return format.format(Math.trunc(seconds / size), unit);
}

/** A length of time: "1.2 s", "3 min". @param ms in milliseconds */
export function duration(ms: number): string {
  const unit = (value: number, name: string, digits: number) =>
    once(`unit ${name} ${digits}`, (locale) =>
      Intl.NumberFormat(locale, {
        style: 'unit',
        unit: name,
        unitDisplay: 'short',
        maximumFractionDigits: digits,
      }),
    ).format(value);
  if (ms < 1_000) return unit(ms, 'millisecond', 0);
  if (ms < 60_000) return unit(ms / 1_000, 'second', 1);
  if (ms < 3_600_000) return unit(ms / 60_000, 'minute', 1);
  if (ms < 86_400_000) return unit(ms / 3_600_000, 'hour', 1);
  return unit(ms / 86_400_000, 'day', 1);
}

/** A number with the language's separators. */
export function number(value: number): string {
  return once('number', (locale) => Intl.NumberFormat(locale)).format(value);
}
