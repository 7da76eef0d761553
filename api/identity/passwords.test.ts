import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPasswords } from './passwords.ts';

const ANY = { before: async () => {}, after: async () => {} };

describe('passwords', () => {
  it('fit however the keyboard composed them', async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash('p\u00e4sswort-eins');
    assert.equal(await passwords.matches('pa\u0308sswort-eins', hash, ANY), true);
    assert.equal(await passwords.matches('passwort-eins', hash, ANY), false);
  });

  it('of nobody never fit', async () => {
    assert.equal(await createPasswords().matches('the password of nobody', null, ANY), false);
  });

  it('are refused with a time to come back once too many wait, and the rest are served', async () => {
    const passwords = createPasswords();
    let served = 0;
    const hold = Promise.withResolvers<void>();
    const attempt = { before: () => hold.promise, after: async () => {} };
    const refused: { code: string; retryAfterS: number }[] = [];
    const broken = 'no hash at all';
    const all = Array.from({ length: 510 }, () =>
      passwords.matches('whatever', broken, attempt).catch((error) => {
        if (error.code === 'unavailable') refused.push(error);
        else served += 1;
      }),
    );
    hold.resolve();
    await Promise.all(all);
    assert.ok(refused.length > 0 && refused.length < 10, `${refused.length} refused`);
    assert.equal(refused.length + served, 510);
    assert.equal(refused[0]?.retryAfterS, 5);
    await passwords.hash('and the next one is served');
  });
});
