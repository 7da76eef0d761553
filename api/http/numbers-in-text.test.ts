import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from '@hono/zod-openapi';
import { wholeNumber } from '../../domain/whole-number.ts';
import { apiConfig, streamsConfig, workerConfig } from '../../process/config.ts';
import { retryAfterMs } from '../../providers/retry-after.ts';
import { SignatureError, sign, verify } from '../../providers/webhook-signature.ts';
import { preferredWaitS } from '../claims/wait.ts';
import { testKey } from '../test-app.ts';
import { ifMatchVersions } from './etags.ts';
import { NEWEST_FIRST, pageQuery } from './paging.ts';

/** Texts that `Number` reads as 5, and others that look like it. */
const FIVE_TO_NUMBER = ['0x5', '0b101', '0o5', '5e0', '50e-1', '+5', '5.0', '5.', '\t5', '5 '];
const FIVE_TO_A_READER = ['５', '٥', '5_0', '5n', '5,0', '-5', 'five', '5;', '5 5'];
const NOT_FIVE = [...FIVE_TO_NUMBER, ...FIVE_TO_A_READER];

const query = z.object(pageQuery(NEWEST_FIRST));
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

function timestampOf(text: string): number | undefined {
  const signed = sign({ secret, id: 'a', timestampS: text as unknown as number, body: '' });
  const headers = { get: (name: string) => signed[name as keyof typeof signed] };
  try {
    verify({ secret, headers: headers as Headers, body: '', nowMs: 5_000 });
    return 5;
  } catch (error) {
    assert.ok(error instanceof SignatureError);
    return undefined;
  }
}

/** Every place where a number is sent as text. */
const READERS: Record<string, (text: string) => number | undefined> = {
  'a whole number': wholeNumber,
  'limit in a query': (text) => query.safeParse({ limit: text }).data?.limit,
  'If-Match': (text) => ifMatchVersions(`"${text}"`)?.[0],
  'Prefer: wait': (text) => preferredWaitS(`wait=${text}`),
  'webhook-timestamp': timestampOf,
  'Retry-After of a provider': (text) => {
    const ms = retryAfterMs(text, 0);
    return ms === undefined ? undefined : ms / 1_000;
  },
};

/** Blanks around a value do not belong to it, nor does what follows a semicolon. */
const MEANS_FIVE: Record<string, string[]> = {
  'Prefer: wait': ['\t5', '5 ', '5;', '5,0'],
  'Retry-After of a provider': ['\t5', '5 '],
};

describe('a number that comes as text', () => {
  for (const [where, read] of Object.entries(READERS)) {
    it(`is read from its digits alone: ${where}`, () => {
      assert.equal(read('5'), 5);
      for (const text of NOT_FIVE.filter((given) => !MEANS_FIVE[where]?.includes(given))) {
        const refused = () => {
          try {
            return read(text);
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'invalid_request', text);
            return undefined;
          }
        };
        assert.equal(refused(), undefined, JSON.stringify(text));
      }
    });
  }

  it('is read from its digits alone in every variable of the environment', async () => {
    const env = {
      MONGODB_URI: 'mongodb://127.0.0.1/laurel?replicaSet=rs0',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      ADMIN_PASSWORD: 'correct horse battery',
      JWT_KEYS: JSON.stringify([await testKey()]),
      KAFKA_BROKERS: '127.0.0.1:9092',
    };
    for (const config of [apiConfig, workerConfig, streamsConfig]) {
      const numbers = Object.entries(config(env)).filter(([, value]) => typeof value === 'number');
      assert.notEqual(numbers.length, 0);
      for (const [name, value] of numbers) {
        config({ ...env, [name]: String(value) });
        for (const text of NOT_FIVE) {
          const wrong = text.replaceAll('5', String(value));
          assert.throws(() => config({ ...env, [name]: wrong }), new RegExp(`${name}: `), wrong);
        }
      }
    }
  });
});
