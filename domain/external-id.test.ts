import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { externalIdOf, isExternalId, MAX_USER_ID_LENGTH, readExternalId } from './external-id.ts';

const ISSUERS = new Set(['game', 'g'.repeat(64)]);
const read = (text: string) => readExternalId(text, ISSUERS);

describe('an external ID', () => {
  for (const subject of [
    '1',
    'a:b::',
    'a/b?c#d',
    '100%',
    'auth0|5f',
    'ext:game:1',
    'é',
    '👾',
    "'$",
  ]) {
    it(`has the subject ${subject}`, () => {
      const externalId = externalIdOf('game', subject);
      assert.equal(externalId, `ext:game:${subject}`);
      assert.deepEqual(read(externalId), { externalId });
    });
  }

  it('is at most as long as its longest parts', () => {
    const longest = `ext:${'g'.repeat(64)}:${'👾'.repeat(255)}`;
    assert.deepEqual(read(longest), { externalId: longest });
    assert.equal([...longest].length, MAX_USER_ID_LENGTH);
    assert.ok('fault' in read(`${longest}x`));
  });

  it('is read as NFC, and a subject in another form is none', () => {
    assert.deepEqual(read('ext:game:e\u0301'), { externalId: 'ext:game:é' });
    assert.equal(externalIdOf('game', 'e\u0301'), null);
  });

  it('of an issuer that nobody trusts is refused by its name', () => {
    assert.deepEqual(read('ext:other:1'), { fault: 'No trusted issuer is named other' });
  });

  for (const text of [
    'ext:',
    'ext:game',
    'ext:game:',
    'ext::1',
    'ext:Game:1',
    'ext:game:a b',
    'ext:game:a\nb',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.ok(isExternalId(text));
      assert.match((read(text) as { fault: string }).fault, /^Not ext:\{issuer name\}/);
    });
  }

  it('is told from an ID of ours by its beginning', () => {
    for (const text of ['usr_1', 'EXT:game:1', ' ext:game:1', 'ext'])
      assert.ok(!isExternalId(text));
  });
});
