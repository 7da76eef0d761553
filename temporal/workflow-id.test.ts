import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { workflowIdOf } from './workflow-id.ts';

/** What the API lets through as a key. */
const keys = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});
const hash = (key: string) => `sha256-${createHash('sha256').update(key).digest('hex')}`;
const USER = `usr_${'0'.repeat(24)}`;

describe("the ID of a claim's workflow", () => {
  it('is found in the Web UI by the key that the player quotes', () => {
    assert.equal(workflowIdOf('usr_1', 'order-42'), 'claim/usr_1/order-42');
    assert.equal(workflowIdOf('usr_1', 'a b/c%?"é'), 'claim/usr_1/a%20b%2Fc%25%3F%22%C3%A9');
  });

  it('fits the stores of Temporal, and is readable for as long as it does', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const id = workflowIdOf(USER, key);
        assert.ok(Buffer.byteLength(id) <= 200, id);
        const last = decodeURIComponent(id.slice(`claim/${USER}/`.length));
        assert.ok(last === key || last === hash(key), id);
        assert.equal(last === key, `claim/${USER}/${encodeURIComponent(key)}`.length <= 200);
      }),
    );
  });

  it('hashes the key from 201 bytes on', () => {
    const longest = 200 - `claim/${USER}/`.length;
    assert.equal(workflowIdOf(USER, 'k'.repeat(longest)).length, 200);
    const long = 'k'.repeat(longest + 1);
    assert.equal(workflowIdOf(USER, long), `claim/${USER}/${hash(long)}`);
  });

  it('is another one for another player or key', () => {
    fc.assert(
      fc.property(
        keys,
        keys,
        (a, b) => (a === b) === (workflowIdOf(USER, a) === workflowIdOf(USER, b)),
      ),
    );
    assert.notEqual(workflowIdOf('usr_1', '2/3'), workflowIdOf('usr_1/2', '3'));
  });

  it('is not taken away by a key that looks like the hash of another', () => {
    const long = 'k'.repeat(255);
    assert.notEqual(workflowIdOf(USER, hash(long)), workflowIdOf(USER, long));
  });
});
