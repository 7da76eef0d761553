/**
 * Standard Webhooks (`v1`) as a game's own server has them: written apart from `providers/` on
 * purpose, so that a mistake there is not made here as well and goes unseen.
 */
import crypto from 'node:crypto';

const TOLERANCE_S = 5 * 60;

interface Signed {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/** The three headers for one message; `timestampS` in seconds since the epoch. */
export function signMessage(
  secret: string,
  message: { id: string; timestampS: number; body: string },
): Signed {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': `${message.timestampS}`,
    'webhook-signature': `v1,${digest(secret, message.id, message.timestampS, message.body)}`,
  };
}

/** Whether the headers fit the body and the clock (`nowMs`, in milliseconds since the epoch). */
export function isSigned(
  secret: string,
  headers: Record<string, string | string[] | undefined>,
  body: string,
  nowMs: number,
): boolean {
  const [id, timestampS, given] = [
    headers['webhook-id'],
    Number(headers['webhook-timestamp'] ?? Number.NaN),
    headers['webhook-signature'],
  ];
  if (typeof id !== 'string' || typeof given !== 'string') return false;
  if (!(Math.abs(nowMs / 1000 - timestampS) <= TOLERANCE_S + 1)) return false;
  const expected = Buffer.from(digest(secret, id, timestampS, body));
  return given.split(' ').some((one) => {
    const [version, text = ''] = one.split(',');
    const candidate = Buffer.from(text);
    return (
      version === 'v1' &&
      candidate.length === expected.length &&
      crypto.timingSafeEqual(candidate, expected)
    );
  });
}

function digest(secret: string, id: string, timestampS: number, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = [id, timestampS, body].join('.');
  return crypto.createHmac('sha256', key).update(text, 'utf8').digest('base64');
}
