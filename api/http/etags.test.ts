import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../domain/errors.ts';
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

  it('allows nothing by a weak tag, or by one that is not ours byte by byte', () => {
    for (const header of ['W/"3"', '"03"', '"0x3"', '"3.0"', '"3e0"', '"+3"', '""']) {
      assert.deepEqual(ifMatchVersions(header), [], header);
    }
    assert.deepEqual(ifMatchVersions('W/"3", "4" ,"x,y"'), [4]);
  });

  it('is refused where it is no list of tags', () => {
    for (const header of ['', ' ', '3', '"3', '3"', '"3" "4"', 'w/"3"', '*, "3"', '"3"; q=1']) {
      assert.throws(() => ifMatchVersions(header), { code: 'invalid_request' }, header);
    }
  });

  it('allows a version by its own tag alone, whatever is sent', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[W/"0-9x, *+.e-]{0,8}$/));
    fc.assert(
      fc.property(texts, fc.nat(12), (text, version) => {
        const allowed = () => ifMatchVersions(text)?.includes(version) ?? false;
        const isNamed = text.split(',').some((part) => part.trim() === `"${version}"`);
        try {
          if (allowed()) assert.ok(isNamed);
        } catch (error) {
          assert.ok(error instanceof DomainError);
        }
      }),
    );
  });
});

describe('If-None-Match', () => {
  it('knows a version by its tag, weak or strong, or by a star', () => {
    for (const header of ['"3"', 'W/"3"', '"1", W/"3"', '*'])
      assert.ok(isKnownTo(header, 3), header);
  });

  it('does not know another version', () => {
    for (const header of [undefined, '"2"', '"33"', '"03"', '3', ''])
      assert.ok(!isKnownTo(header, 3));
  });
});
