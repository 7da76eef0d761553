/** What a provider's answer says, where it says it in JSON. */
import type { Exchange } from './http-exchange.ts';

/** `application/json` or any `+json`, with parameters or without (RFC 6839, section 3.1). */
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i;

/**
 * The JSON object that an answer is; null where it is anything else, or does not declare itself to
 * be JSON: a page of a proxy or a login form may hold any text. RFC 8259 leaves two things open: a
 * byte order mark is passed over, and of a name that comes twice the last counts.
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

/** Whether a value is a JSON object, and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
