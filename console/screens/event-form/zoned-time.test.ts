import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { momentOf, wallTime } from './zoned-time.ts';

describe('a wall time in a zone', () => {
  it('is the moment at which its clocks show it, and back', () => {
    assert.equal(momentOf('2026-12-01T09:00', 'Asia/Seoul'), '2026-12-01T00:00:00.000Z');
    assert.equal(wallTime('2026-12-01T00:00:00Z', 'Asia/Seoul'), '2026-12-01T09:00');
    assert.equal(wallTime('2026-12-01T00:00:30Z', 'Asia/Seoul'), '2026-12-01T09:00:30');
  });

  it('that comes twice is the earlier one', () => {
    assert.equal(momentOf('2026-10-25T02:30', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z');
  });

  it('that is skipped is after the skip', () => {
    assert.equal(momentOf('2026-03-29T02:30', 'Europe/Berlin'), '2026-03-29T01:30:00.000Z');
  });

  it('is nothing where it is incomplete', () => {
    assert.equal(momentOf('', 'UTC'), '');
    assert.equal(wallTime('', 'UTC'), '');
  });
});
