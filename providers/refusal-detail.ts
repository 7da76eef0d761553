/** What of a provider's refusal may stand on a claim's record, where players and staff read it. */
import { printableLine } from '../domain/text.ts';

const LONGEST = 200;

/** Our own secret or signature, should a provider's message echo the request. */
const SECRETS = /whsec_[\w+/=]+|\bv1a?,[\w+/=]+/g;

/** The fields in which providers say why; `detail` and `title` are those of RFC 9457. */
export interface RefusalBody {
  detail?: unknown;
  message?: unknown;
  title?: unknown;
}

/**
 * One line for a person: the status, and at most 200 printable characters of the body's `detail`,
 * `message` or `title`, the first that is text. Nothing else of the body.
 */
export function refusalDetail(status: number, body: RefusalBody): string {
  const said = [body.detail, body.message, body.title].map(printable).find(Boolean);
  return said ? `HTTP ${status}: ${said}` : `HTTP ${status}`;
}

function printable(text: unknown): string {
  return typeof text === 'string' ? printableLine(text.replace(SECRETS, '…'), LONGEST) : '';
}
