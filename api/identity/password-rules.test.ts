import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { passwordFault } from './password-rules.ts';

describe('a password', () => {
  for (const password of [
    'administrator',
    'Password1234',
    'QWERTYUIOP12',
    'password12345',
    '!!iloveyou2024',
    'baseballbaseball',
    'aaaaaaaaaaaa',
    'abcabcabcabcabc',
    'ｐａｓｓｗｏｒｄ１２３４',
  ]) {
    it(`is refused as common: ${password}`, async () => {
      assert.match((await passwordFault(password, 'mira')) ?? '', /Many people/);
    });
  }

  for (const password of [
    'laurel-admin-26',
    'LaurelConsole',
    'Game server 1!',
    'rewardevent2026',
  ]) {
    it(`is refused as made of our own words: ${password}`, async () => {
      assert.match((await passwordFault(password, 'mira')) ?? '', /tried here first/);
    });
  }

  for (const password of [
    'correct horse battery',
    'the laurel is for heroes',
    'another long password',
    'dragon-83920184759',
    'a password of a dragon',
    '설국축제의비밀번호는길다',
  ]) {
    it(`is taken: ${password}`, async () => {
      assert.equal(await passwordFault(password, 'mira'), undefined);
    });
  }

  it('is refused where it holds the username, whatever the letters', async () => {
    for (const password of ['only mira knows', 'onlyMIRAknows', 'only ｍｉｒａ knows']) {
      assert.match((await passwordFault(password, 'Mira')) ?? '', /username/);
    }
  });

  it('is checked quickly, however it is built', async () => {
    await passwordFault('warm-up of the list', 'mira');
    const startedAtMs = performance.now();
    await passwordFault(`${'ab'.repeat(63)}c`, 'mira');
    await passwordFault('a'.repeat(128), 'mira');
    assert.ok(performance.now() - startedAtMs < 100);
  });
});
