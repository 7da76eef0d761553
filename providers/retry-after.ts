/** Reads the header `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. */

/**
 * The longest wait that an answer can ask for, in milliseconds: a provider's mistake must not block
 * a claim for days.
 */
const LONGEST_MS = 3_600_000;

/** The three forms of an HTTP date (RFC 9110, section 5.6.7): IMF-fixdate, RFC 850, asctime. */
const HTTP_DATE = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * How long to wait, in milliseconds, at most an hour. Undefined where the header is absent, is not
 * readable, or asks for no wait; our own backoff applies then.
 * @param nowMs our clock, in milliseconds since the epoch
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? '';
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : dateMs(value) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, LONGEST_MS) : undefined;
}

function dateMs(value: string): number {
  if (!HTTP_DATE.some((form) => form.test(value))) return Number.NaN;
  // An asctime date names no zone and means GMT; `Date.parse` would take the machine's.
  return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
}
