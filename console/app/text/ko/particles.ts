/** Particles after names and numbers, which may end in anything. */
import { josa } from 'es-hangul';

type Pair = Parameters<typeof josa>[1];

/** How the last digit of a number is read. */
const DIGITS = ['영', '일', '이', '삼', '사', '오', '육', '칠', '팔', '구'];

/**
 * The word with the particle that fits its end. After a letter of another script, whose reading is
 * not known, both are written, as Korean does: `cape을(를)`.
 * @example withParticle('망토', '을/를') // 망토를
 */
export function withParticle(word: string, pair: Pair): string {
  const last = word.at(-1) ?? '';
  if (/[가-힣]/.test(last)) return josa(word, pair);
  const read = /[0-9]/.test(last) ? DIGITS[Number(last)] : undefined;
  if (read) return word + josa.pick(read, pair);
  const [first, second] = pair.split('/');
  return `${word}${first}(${second})`;
}
