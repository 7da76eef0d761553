/** Texts that are refused wherever they come in. */
const TEXT = 'a text of many letters';

/** What no field takes, long enough for each. */
export const BAD_TEXTS = {
  'nothing but zero width spaces': '\u200b'.repeat(12),
  'nothing but Hangul fillers': '\u3164'.repeat(12),
  'nothing but Braille blanks': '\u2800'.repeat(12),
  'nothing but blanks': ' '.repeat(12),
  NUL: `${TEXT}\u0000`,
  ESC: `${TEXT}\u001b[31m`,
  tab: `${TEXT}\t${TEXT}`,
  'a right-to-left override': `${TEXT}\u202e`,
  'an isolate': `${TEXT}\u2066`,
  'a high surrogate': `${TEXT}\ud83d`,
  'a low surrogate': `\udc00${TEXT}`,
  'a joiner': `${TEXT}\u200d`,
  'a variation selector': `${TEXT}\ufe0f`,
};
