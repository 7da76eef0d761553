import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printableLine, readText, type TextUse } from './text.ts';

const LENGTH = [1, 200] as const;
const USES: readonly TextUse[] = ['NAME', 'LINE', 'LINES'];

const takes = (use: TextUse, text: string) =>
  assert.deepEqual(readText(text, use, LENGTH), { text: text.normalize('NFC') }, name(text));

const refuses = (use: TextUse, text: string) =>
  assert.ok('fault' in readText(text, use, LENGTH), `${use} takes ${name(text)}`);

const name = (text: string) => `${text} (${Array.from(text, codeOf).join(' ')})`;
const codeOf = (character: string) => (character.codePointAt(0) ?? 0).toString(16);

/** What attackers and fuzzers sent, and its kin. */
const NOTHING_SEEN = {
  blank: ' ',
  'no-break space': '\u00a0',
  'ideographic space': '\u3000',
  'zero width space': '\u200b',
  'Hangul filler': '\u3164',
  'Hangul initial filler': '\u115f',
  'halfwidth Hangul filler': '\uffa0',
  'Braille blank': '\u2800',
  'word joiner': '\u2060',
  'soft hyphen': '\u00ad',
  'byte order mark': '\ufeff',
  'invisible plus': '\u2064',
  'null notehead': '\u{1d159}',
  'lone accent': '\u0301',
  'line separator': '\u2028',
};

const NOWHERE = {
  NUL: '\u0000',
  ESC: '\u001b[31m',
  tab: '\t',
  'vertical tab': '\v',
  DEL: '\u007f',
  'next line': '\u0085',
  'right-to-left override': '\u202e',
  'left-to-right embedding': '\u202a',
  'right-to-left isolate': '\u2067',
  'pop directional isolate': '\u2069',
  'high surrogate': '\ud83d',
  'low surrogate': '\udc00',
  'variation selector': '\ufe0f',
  'variation selector 256': '\u{e01ef}',
  'Mongolian variation selector': '\u180b',
  joiner: '\u200d',
  'non-joiner': '\u200c',
  tag: '\u{e0061}',
};

const EMOJIS = [
  '👨‍👩‍👧',
  '❤️',
  '☎︎',
  '1️⃣',
  '#️⃣',
  '🇰🇷',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '👍🏽',
  '🏳️‍🌈',
  '🧑🏿‍🤝‍🧑🏻',
  '🐱‍👤',
  '👁️‍🗨️',
  '⛓️‍💥',
];

describe('a text that comes in', () => {
  it('is taken in any script', () => {
    for (const text of [
      'Snow festival',
      '눈 축제',
      '雪祭り',
      'مهرجان الثلج',
      'جشنواره برف',
      'חג השלג',
      'เทศกาลหิมะ',
      'हिम उत्सव',
      'Ø',
      '7',
      '!',
      '❄',
    ]) {
      for (const use of USES) takes(use, text);
    }
  });

  it('is taken with whole emoji, but for names, in which they are what else can be seen', () => {
    for (const emoji of EMOJIS) {
      for (const use of ['LINE', 'LINES'] as const) {
        takes(use, emoji);
        takes(use, `눈 ${emoji}${emoji}축제`);
      }
    }
    takes('NAME', 'Mira ❄👍🏽🇰🇷');
    for (const emoji of EMOJIS.filter((emoji) => /[\u200d\ufe0e\ufe0f\u{e007f}]/u.test(emoji))) {
      refuses('NAME', `Mira ${emoji}`);
    }
  });

  it('is kept in NFC, whichever form it came in', () => {
    const korean = '눈축제';
    for (const use of USES) {
      assert.deepEqual(readText(korean.normalize('NFD'), use, LENGTH), { text: korean });
      assert.deepEqual(readText('A\u030asa', use, [4, 4]), { fault: 'Not 4 to 4 characters' });
      assert.deepEqual(readText('A\u030asa', use, [3, 3]), { text: 'Åsa' });
    }
  });

  it('is as long as it has characters, however many units these take', () => {
    assert.deepEqual(readText('🧊'.repeat(5), 'LINE', [5, 5]), { text: '🧊'.repeat(5) });
    assert.deepEqual(readText('', 'LINES', [0, 5]), { text: '' });
    assert.ok('fault' in readText('', 'LINES', [1, 5]));
  });

  for (const [what, text] of Object.entries(NOTHING_SEEN)) {
    it(`is refused where it is nothing but a ${what}`, () => {
      for (const use of USES) {
        refuses(use, text);
        refuses(use, text.repeat(5));
      }
    });
  }

  for (const [what, text] of Object.entries(NOWHERE)) {
    it(`is refused with a ${what} in it, wherever that stands`, () => {
      for (const use of USES) {
        for (const whole of [text, `${text}name`, `na${text}me`, `name${text}`, `1${text}`]) {
          refuses(use, whole);
        }
      }
    });
  }

  it('may have line breaks where several lines are meant, and only there', () => {
    for (const text of ['one\ntwo', 'one\r\ntwo', 'one\u2028two']) {
      takes('LINES', text);
      refuses('LINE', text);
      refuses('NAME', text);
    }
  });

  it('is refused with a joiner, selector or tag that only stands beside an emoji', () => {
    for (const text of [
      '❤️\ufe0f',
      '❤\u200d',
      '\u200d❤',
      '❤\u200c❤',
      '🏴\u{e0067}',
      'a\u200d❤',
      '1\ufe0f',
      '🇰\ufe0f',
      '🧑\ufe0e\u200d🗨',
    ]) {
      refuses('LINE', text);
      refuses('LINES', text);
    }
  });

  it('is refused as a name with anything that is not seen', () => {
    for (const unseen of [...Object.values(NOTHING_SEEN), '\u034f', '\u061c', '\u200e']) {
      if (unseen === '\u0301' || unseen === '\u{1d159}') continue;
      refuses('NAME', `name${unseen}`);
    }
    refuses('NAME', 'two  blanks');
    takes('NAME', 'one blank');
  });
});

const code = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((point) => String.fromCodePoint(point));
const special = fc.constantFrom(
  ...Object.values(NOTHING_SEEN),
  ...Object.values(NOWHERE),
  ...EMOJIS,
  ...EMOJIS.flatMap((emoji) => Array.from(emoji)),
);
/** Any text there is, but more of what matters than chance would bring. */
const anyText = fc
  .array(fc.oneof(special, fc.string({ maxLength: 3 }), code(0, 0x10ffff)), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** The contract's sentence, said once more by itself: one code point after the other. */
function breaches(text: string, use: TextUse): string[] {
  const found = [];
  const points = Array.from(text);
  if (text !== text.normalize('NFC')) found.push('not NFC');
  if (!points.some((c) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(c) && !hidden(c))) found.push('unseen');
  for (const [i, c] of points.entries()) {
    if (/\p{Cs}/u.test(c)) found.push('half a surrogate pair');
    if (/\p{Cc}/u.test(c) && !(use === 'LINES' && /[\r\n]/.test(c))) found.push('control');
    if (/[\u202d\u202e\u2066-\u2069]/.test(c)) found.push('bidirectional');
    if (use === 'NAME' && hidden(c)) found.push('unseen in a name');
    if (/[\u200c-\u200d]|[\ufe00-\ufe0f]/.test(c) && !isAfterEmoji(points, i)) found.push('joiner');
  }
  return found;
}

const hidden = (c: string) => /\p{Default_Ignorable_Code_Point}|\u2800/u.test(c);

/** What comes before a joiner or a selector in an emoji, at the least. */
function isAfterEmoji(points: readonly string[], i: number): boolean {
  return /\p{Emoji}|\ufe0f|\u20e3|\u{e007f}/u.test(points[i - 1] ?? '');
}

describe('whatever is taken', () => {
  it('keeps every rule, and is taken again as it is', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...USES), (given, use) => {
        const read = readText(given, use, LENGTH);
        if ('fault' in read) return;
        assert.deepEqual(breaches(read.text, use), []);
        assert.deepEqual(readText(read.text, use, LENGTH), read);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a text that cannot be refused', () => {
  it('becomes one that may stand on a line, or is left out', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 20 }), (given, most) => {
        const line = printableLine(given, most);
        if (line !== '') assert.deepEqual(readText(line, 'LINE', [1, most]), { text: line });
      }),
      { numRuns: 5_000 },
    );
  });

  it('stays as it is where it may stand', () => {
    for (const text of ['인벤토리가 가득 찼습니다', ...EMOJIS]) {
      assert.equal(printableLine(text, 200), text);
    }
  });

  it('is not cut within an emoji', () => {
    assert.equal(printableLine('👨‍👩‍👧', 2), '👨');
  });
});
