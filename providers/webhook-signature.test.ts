import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignatureError, sign, TOLERANCE_S, verify } from './webhook-signature.ts';

/** From the specification's repository: the JavaScript and the Rust library's own tests. */
const VECTORS = [
  {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestampS: 1_614_265_330,
    body: '{"test": 2432232314}',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  {
    secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    timestampS: 1_649_367_553,
    body: '{"email":"test@example.com","username":"test_user"}',
    signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
  },
] as const;
const [{ secret, id, timestampS, body }] = VECTORS;
const signed = sign({ secret, id, timestampS, body });
const nowMs = timestampS * 1000;

/** Verifies the first vector with one part of it changed. */
function verifyWith(changed: { headers?: Record<string, string>; body?: string; nowMs?: number }) {
  const headers = new Headers({ ...signed, ...changed.headers });
  verify({ secret, headers, body: changed.body ?? body, nowMs: changed.nowMs ?? nowMs });
}

function refused(changed: Parameters<typeof verifyWith>[0], why: RegExp) {
  assert.throws(
    () => verifyWith(changed),
    (error) => error instanceof SignatureError && why.test(error.message),
  );
}

describe('a webhook signature', () => {
  for (const { signature, ...message } of VECTORS) {
    it(`of ${message.id} is the one the specification's libraries make`, () => {
      assert.deepEqual(sign(message), {
        'webhook-id': message.id,
        'webhook-timestamp': String(message.timestampS),
        'webhook-signature': signature,
      });
      const headers = new Headers({ ...sign(message) });
      const bytes = new TextEncoder().encode(message.body);
      verify({ ...message, headers, body: bytes, nowMs: message.timestampS * 1000 });
    });
  }

  it('of a request without a body is that of the empty text', () => {
    const headers = new Headers({ ...sign({ secret, id, timestampS, body: '' }) });
    verify({ secret, headers, body: '', nowMs });
    assert.throws(() => verify({ secret, headers, body: '{}', nowMs }), SignatureError);
  });

  it('fits for any body, beyond ASCII too', () => {
    const korean = '{"name":"서리 망토 🧊"}';
    const headers = new Headers({ ...sign({ secret, id, timestampS, body: korean }) });
    verify({ secret, headers, body: korean, nowMs });
    verify({ secret, headers, body: Buffer.from(korean), nowMs });
  });

  it('does not fit another body, ID, time or secret', () => {
    refused({ body: body.replace('2', '3') }, /No signature fits/);
    refused({ headers: { 'webhook-id': 'msg_other' } }, /No signature fits/);
    refused({ headers: { 'webhook-timestamp': String(timestampS + 1) } }, /No signature fits/);
    const headers = new Headers({ ...signed });
    const other = VECTORS[1].secret;
    assert.throws(() => verify({ secret: other, headers, body, nowMs }), SignatureError);
  });

  it('may stand anywhere in a list, as it does while a secret is changed', () => {
    const wrong = VECTORS[1].signature;
    const good = signed['webhook-signature'];
    const list = `${wrong} v1a,${good.slice(3)} ${good} ${wrong}`;
    verifyWith({ headers: { 'webhook-signature': list } });
  });

  it('counts only as a whole and as version 1', () => {
    const good = signed['webhook-signature'];
    for (const text of [
      good.slice(0, 8),
      'v1,',
      good.slice(3),
      `v2,${good.slice(3)}`,
      `v1a,${good.slice(3)}`,
      `${good}=`,
      `${good},`,
    ]) {
      refused({ headers: { 'webhook-signature': text } }, /No signature fits/);
    }
  });

  it('is missed where any of the three headers is absent', () => {
    for (const name of Object.keys(signed)) {
      const headers = new Headers({ ...signed });
      headers.delete(name);
      assert.throws(() => verify({ secret, headers, body, nowMs }), /headers are missing/);
    }
  });

  it('holds for five minutes either way and not a second longer', () => {
    assert.equal(TOLERANCE_S, 300);
    verifyWith({ nowMs: nowMs + 300_000 });
    verifyWith({ nowMs: nowMs - 300_000 });
    refused({ nowMs: nowMs + 301_000 }, /too old/);
    refused({ nowMs: nowMs - 301_000 }, /future/);
  });

  it('is refused where the timestamp is no whole number', () => {
    for (const text of ['hello', '-1614265330', '1614265330.5', '0x6037b2f2', '1e9']) {
      refused({ headers: { 'webhook-timestamp': text } }, /not a number/);
    }
  });

  it('is never made with a secret that is none, or an ID that could be read two ways', () => {
    for (const bad of ['', 'whsec_', 'whsec_c2hvcnQ=', secret.slice(6), `${secret}!`]) {
      assert.throws(() => sign({ secret: bad, id, timestampS, body }), TypeError);
    }
    assert.throws(() => sign({ secret, id: 'msg.1', timestampS, body }), TypeError);
  });
});
