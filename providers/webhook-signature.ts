/**
 * Signs and verifies messages as Standard Webhooks define it, symmetric scheme `v1`
 * (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Signature scheme").
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * How far a timestamp may be from our clock, in both directions, in seconds. The specification's
 * libraries use the same.
 */
export const TOLERANCE_S = 300;

/** 32 characters of base64 are 24 bytes: the shortest secret that the specification allows. */
const SECRET = /^whsec_([A-Za-z0-9+/]{32,}={0,2})$/;

/** The message cannot be trusted. The error's text says why, and contains nothing of the secret. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
}

/**
 * Signs one message. Returns the headers that carry its ID, time and signature.
 * @param message.secret `whsec_` and the key in base64
 * @param message.id names the message, the same for each attempt to deliver it. It has no full
 *   stop, as full stops separate the parts of the signed text.
 * @param message.timestampS when this attempt is made, in whole seconds since the epoch
 * @param message.body the exact body; the empty string for a request without one
 * @throws TypeError where the secret or the ID has not that form
 */
export function sign(message: {
  secret: string;
  id: string;
  timestampS: number;
  body: string | Uint8Array;
}) {
  if (message.id.includes('.')) throw new TypeError('A webhook ID holds no full stop.');
  const timestamp = String(message.timestampS);
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature(message.secret, message.id, timestamp, message.body),
  };
}

/**
 * Returns where one of the message's `v1` signatures is right and its timestamp is within
 * `TOLERANCE_S` of `nowMs`. It does not check whether the message came before.
 * @param message.secret `whsec_` and the key in base64
 * @param message.headers the request's headers
 * @param message.body the body's bytes as they arrived, before any parsing
 * @param message.nowMs our clock, in milliseconds since the epoch
 * @throws SignatureError where the message cannot be trusted
 * @throws TypeError where our own secret has not the form `whsec_…`
 */
export function verify(message: {
  secret: string;
  headers: Headers;
  body: string | Uint8Array;
  nowMs: number;
}): void {
  const id = message.headers.get('webhook-id');
  const timestamp = message.headers.get('webhook-timestamp');
  const given = message.headers.get('webhook-signature');
  if (!id || !timestamp || !given) throw new SignatureError('The webhook headers are missing.');
  checkTimestamp(timestamp, message.nowMs);
  const expected = signature(message.secret, id, timestamp, message.body);
  if (!given.split(' ').some((candidate) => equal(candidate, expected))) {
    throw new SignatureError('No signature fits.');
  }
}

function checkTimestamp(timestamp: string, nowMs: number): void {
  if (!/^\d{1,12}$/.test(timestamp)) throw new SignatureError('The timestamp is not a number.');
  const ageS = Math.floor(nowMs / 1000) - Number(timestamp);
  if (ageS > TOLERANCE_S) throw new SignatureError('The timestamp is too old.');
  if (ageS < -TOLERANCE_S) throw new SignatureError('The timestamp lies in the future.');
}

function signature(secret: string, id: string, timestamp: string, body: string | Uint8Array) {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

function keyOf(secret: string): Buffer {
  const base64 = SECRET.exec(secret)?.[1];
  if (!base64) throw new TypeError('A signing secret is whsec_ and at least 24 bytes in base64.');
  return Buffer.from(base64, 'base64');
}

/** Compares in a time that depends only on the lengths. */
function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
