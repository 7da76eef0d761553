/** The part of a provider's refusal that players and staff read on a claim's record. */
import { printableLine } from '../domain/text.ts';

/** The most characters that are kept: enough for a sentence or two. */
const LONGEST = 200;

/** Our own secret or signature, in case a provider's message repeats the request. */
const SECRETS = /whsec_[\w+/=]+|\bv1a?,[\w+/=]+/g;

/** The fields in which a provider may say why; `detail` and `title` are those of RFC 9457. */
export interface RefusalBody {
  detail?: unknown;
  message?: unknown;
  title?: unknown;
}

/**
 * One line for a person: the status, and up to 200 printable characters of the body's `detail`,
 * `message` or `title`, whichever is text first. Nothing else of the body is kept.
 */
export function refusalDetail(status: number, body: RefusalBody): string {
  const said = [body.detail, body.message, body.title].map(printable).find(Boolean);
  return said ? `HTTP ${status}: ${said}` : `HTTP ${status}`;
}

function printable(text: unknown): string {
  return typeof text === 'string' ? printableLine(text.replace(SECRETS, '…'), LONGEST) : '';
}
