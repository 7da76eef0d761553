import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { etagOf, ifMatchVersions, isKnownTo } from './etags.ts';

describe('If-Match', () => {
  it('allows any version without it, or with a star', () => {
    assert.equal(ifMatchVersions(undefined), undefined);
    assert.equal(ifMatchVersions(' * '), undefined);
  });

  it('allows the versions it names', () => {
    assert.deepEqual(ifMatchVersions(etagOf(3)), [3]);
    assert.deepEqual(ifMatchVersions('"3", "4"'), [3, 4]);
  });

  it('allows nothing by a weak tag or by what is no tag', () => {
    assert.deepEqual(ifMatchVersions('W/"3"'), []);
    assert.deepEqual(ifMatchVersions('3'), []);
    assert.deepEqual(ifMatchVersions(''), []);
  });
});

describe('If-None-Match', () => {
  it('knows a version by its tag, weak or strong, or by a star', () => {
    for (const header of ['"3"', 'W/"3"', '"1", "3"', '*']) assert.ok(isKnownTo(header, 3), header);
  });

  it('does not know another version', () => {
    for (const header of [undefined, '"2"', '"33"', '3', '']) assert.ok(!isKnownTo(header, 3));
  });
});
