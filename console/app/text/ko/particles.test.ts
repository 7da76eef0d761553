import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withParticle } from './particles.ts';

it('a particle fits how the word before it ends', () => {
  assert.equal(withParticle('망토', '을/를'), '망토를');
  assert.equal(withParticle('투구', '이/가'), '투구가');
  assert.equal(withParticle('활', '으로/로'), '활로');
  assert.equal(withParticle('13', '을/를'), '13을');
  assert.equal(withParticle('4', '을/를'), '4를');
  assert.equal(withParticle('cape', '을/를'), 'cape을(를)');
});
