/** `Retry-After` as RFC 9110 has it (section 10.2.3): seconds, or a date in one of three forms. */

/** No answer makes us wait longer than this, in milliseconds: a claim is not held up by a typo. */
const LONGEST_MS = 3_600_000;

/** The three forms of an HTTP-date (RFC 9110, section 5.6.7): IMF-fixdate, RFC 850, asctime. */
const HTTP_DATE = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * How long to wait, in milliseconds, at most an hour; undefined where the header is absent, cannot
 * be read, or asks for no wait at all (our own backoff then goes on).
 * @param nowMs our clock, in milliseconds since the epoch
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? '';
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : dateMs(value) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, LONGEST_MS) : undefined;
}

function dateMs(value: string): number {
  if (!HTTP_DATE.some((form) => form.test(value))) return Number.NaN;
  // asctime names no zone and means GMT; without it the machine's own would be taken.
  return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
}
