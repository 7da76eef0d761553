import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../domain/errors.ts';
import { testApp } from '../test-app.ts';
import { idempotencyKeyOf, optionalIdempotencyKeyOf } from './idempotency-key.ts';

interface Described {
  paths: Record<
    string,
    Record<
      string,
      { parameters?: { name: string; required: boolean; schema: { pattern: string } }[] }
    >
  >;
}

/** Headers by name, in whatever letters, as a request has them. */
const sending = (headers: Record<string, string | string[]>) => (name: string) =>
  [headers[name.toLowerCase()] ?? []].flat();
const keyFrom = (value: string) => idempotencyKeyOf(sending({ 'idempotency-key': value }));

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof DomainError && error.code === code;

describe('an idempotency key', () => {
  it('is what the header says', () => {
    assert.equal(keyFrom('order-1'), 'order-1');
  });

  it('may come as X-Idempotency-Key, or under both names', () => {
    assert.equal(idempotencyKeyOf(sending({ 'x-idempotency-key': 'old' })), 'old');
    const both = sending({ 'x-idempotency-key': '"same"', 'idempotency-key': 'same' });
    assert.equal(idempotencyKeyOf(both), 'same');
  });

  it('is one: of several none is chosen', () => {
    for (const headers of [
      { 'idempotency-key': ['a', 'b'] },
      { 'idempotency-key': ['a', 'a'] },
      { 'idempotency-key': ['a', ''] },
      { 'x-idempotency-key': ['a', 'b'] },
      { 'idempotency-key': 'a', 'x-idempotency-key': 'b' },
      { 'idempotency-key': 'a', 'x-idempotency-key': '' },
      { 'idempotency-key': '"a", "b"' },
      { 'idempotency-key': '"a","b","c"' },
    ]) {
      const read = () => idempotencyKeyOf(sending(headers));
      assert.throws(read, refusedAs('idempotency_key_invalid'), JSON.stringify(headers));
      const readOptional = () => optionalIdempotencyKeyOf(sending(headers));
      assert.throws(readOptional, refusedAs('idempotency_key_invalid'), JSON.stringify(headers));
    }
  });

  it('may hold a comma', () => {
    for (const key of ['a, b', 'a,b', '"a, b"', '"a",']) {
      assert.equal(keyFrom(key), key.startsWith('"a, ') ? 'a, b' : key);
    }
  });

  it('is the same with quotes and without', () => {
    assert.equal(keyFrom('"order-1"'), 'order-1');
    assert.equal(keyFrom('  "order-1" '), 'order-1');
  });

  it('has its escapes undone within quotes, and only there', () => {
    assert.equal(keyFrom(String.raw`"a\"b\\c"`), String.raw`a"b\c`);
    assert.equal(keyFrom(String.raw`a\\b`), String.raw`a\\b`);
  });

  it('keeps quotes that do not enclose it', () => {
    for (const key of ['"', '"a', 'a"', '"a"b"', String.raw`"a\"`, '"a"; p=1']) {
      assert.equal(keyFrom(key), key);
    }
  });

  it('keeps the blanks inside quotes and loses those around', () => {
    assert.equal(keyFrom('" a "'), ' a ');
    assert.equal(keyFrom(' a b '), 'a b');
  });

  it('is missing where there is no header, an empty one, or an empty pair of quotes', () => {
    assert.throws(() => idempotencyKeyOf(sending({})), refusedAs('idempotency_key_missing'));
    for (const value of ['', ' ', '""']) {
      assert.throws(() => keyFrom(value), refusedAs('idempotency_key_missing'), `“${value}”`);
    }
  });

  it('has at most 255 characters, its quotes not counted', () => {
    assert.equal(keyFrom('k'.repeat(255)).length, 255);
    assert.equal(keyFrom(`"${'k'.repeat(255)}"`).length, 255);
    assert.throws(() => keyFrom('k'.repeat(256)), refusedAs('idempotency_key_invalid'));
    assert.throws(() => keyFrom(`"${'k'.repeat(256)}"`), refusedAs('idempotency_key_invalid'));
  });

  it('is printable ASCII, all of it', () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    assert.equal(keyFrom(`x${printable}x`), `x${printable}x`);
    for (const value of ['ä', '🎁', 'a\tb', 'a\nb', 'a\u0000b', 'a\u007fb', 'a\u0080b']) {
      assert.throws(() => keyFrom(value), refusedAs('idempotency_key_invalid'), value);
    }
  });
});

describe('an optional idempotency key', () => {
  it('may be left out, but not be sent empty', () => {
    assert.equal(optionalIdempotencyKeyOf(sending({})), undefined);
    assert.equal(optionalIdempotencyKeyOf(sending({ 'x-idempotency-key': 'k' })), 'k');
    const empty = sending({ 'idempotency-key': '' });
    assert.throws(() => optionalIdempotencyKeyOf(empty), refusedAs('idempotency_key_missing'));
  });
});

/** A body that fits, by the last part of a route's path where the bulk actions' does not. */
const BODIES: Record<string, object> = { claim: {}, stock: { add: 1 } };

describe('the description of an idempotency key', () => {
  const pattern = /^[ -~]*[!#-~][ -~]*$/;

  it('asks for what is taken: whatever fits it is a key', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{1,255}$/), (value) => {
        if (pattern.test(value) && !value.includes(',')) keyFrom(value);
      }),
    );
  });

  it('says on each route whether the header is required, as the route does', async (test) => {
    const t = await testApp();
    test.after(() => t.close());
    const { body } = await t.call<Described>('GET', '/openapi.json');
    const found = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
        parameters
          .filter(({ name }) => name === 'Idempotency-Key')
          .map(({ required, schema }) => ({ method, path, required, schema })),
      ),
    );
    assert.ok(found.length > 3, 'some routes take a key');
    for (const { method, path, required, schema } of found) {
      assert.equal(schema.pattern, pattern.source, path);
      const token = (await t.signIn(path.endsWith('/claim') ? 'PLAYER' : 'ADMIN')).accessToken;
      const answer = await t.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'unknown'), {
        token,
        body: BODIES[path.split('/').at(-1) ?? ''] ?? { reason: 'INTERNAL' },
      });
      assert.equal(answer.body.code === 'idempotency_key_missing', required, path);
    }
  });
});
