import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSecretBox } from './secret-box.ts';

const [old, fresh, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];

describe('a sealed secret', () => {
  const stored = createSecretBox([old]).seal('JBSWY3DP', 'usr_1');

  it('shows nothing of what it holds, and differs each time', () => {
    assert.ok(!stored.includes('JBSWY3DP'));
    assert.notEqual(createSecretBox([old]).seal('JBSWY3DP', 'usr_1'), stored);
  });

  it('opens with its key, also behind a newer one', () => {
    for (const keys of [[old], [fresh, old]]) {
      assert.equal(createSecretBox(keys).open(stored, 'usr_1'), 'JBSWY3DP');
    }
  });

  it('opens with no other key, for nobody else, and not once it was changed', () => {
    assert.throws(() => createSecretBox([foreign]).open(stored, 'usr_1'), /ENCRYPTION_KEYS/);
    assert.throws(() => createSecretBox([old]).open(stored, 'usr_2'));
    const changed = stored.slice(0, -2) + (stored.endsWith('AA') ? 'BB' : 'AA');
    assert.throws(() => createSecretBox([old]).open(changed, 'usr_1'));
  });

  it('is read from before there was a key', () => {
    const open = createSecretBox([]).seal('JBSWY3DP', 'usr_1');
    assert.equal(createSecretBox([fresh]).open(open, 'usr_1'), 'JBSWY3DP');
  });
});
