/** Reads the JSON of a provider's answer. */
import type { Exchange } from './http-exchange.ts';

/** `application/json` or any `+json`, with or without parameters (RFC 6839, section 3.1). */
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i;

/**
 * The JSON object of an answer; null where there is none. An answer must declare itself to be JSON,
 * as the page of a proxy or a login form may hold any text. RFC 8259 leaves two points open: a byte
 * order mark is ignored, and of two equal names the last one counts.
 */
export function objectIn(answer: Extract<Exchange, { kind: 'ANSWERED' }>) {
  const { headers, body } = answer;
  if (body === null || !JSON_TYPE.test(headers['content-type'] ?? '')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether a value is a JSON object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
