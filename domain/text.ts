/**
 * Which texts are accepted from outside: over HTTP, from Kafka, a provider or the configuration.
 */

/**
 * What a text is for. `NAME`: people are told apart by it, so it may contain nothing invisible.
 * `LINE`: any other text on one line. `LINES`: a text that may have line breaks.
 */
export type TextUse = 'NAME' | 'LINE' | 'LINES';

/**
 * The fewest and the most characters. Counted in code points of the NFC form, as JSON Schema does.
 */
export type TextLength = readonly [min: number, max: number];

/** A text as it is to be stored, or what is wrong with it in words for a person. */
export type TextRead = { text: string } | { fault: string };

/** What a `NAME` may contain, in words for a person. */
export const NAME_RULE = 'Only visible characters, with single blanks between them';

/** Most texts match this. Only the rule for names can refuse one that does. */
const PLAIN_ASCII = /^[\x21-\x7e][\x20-\x7e]*$/;

/** Letters, digits, marks, punctuation, symbols and single blanks between them. */
const NAME = /^[\p{L}\p{N}\p{M}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{M}\p{P}\p{S}]+)*$/u;

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LINE_BREAK = /[\p{Cc}--[\r\n]]/v;
const LINE_SEPARATOR = /[\u2028\u2029]/;

/** Embeddings, overrides and isolates. They show text in another order than it is stored. */
const BIDIRECTIONAL = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Invisible characters. U+2800 is a Braille pattern without dots: its class is symbol, but it is
 * blank.
 */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Visible characters. Not marks: they need a letter. Not U+1D159: a musical note without a head.
 */
const SEEN = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]]/v;

/** Joiners, variation selectors and tags. They are allowed inside an emoji only. */
const EMOJI_PART = /[\u200c-\u200d\p{Variation_Selector}\u{e0000}-\u{e007f}]/u;

/**
 * One element of an emoji: UTS #51, section 1.4.9, "EBNF and Regex". A digit is one only as a
 * keycap.
 */
const ELEMENT = String.raw`(?:\p{RI}\p{RI}|[0-9#*]\ufe0f\u20e3|[\p{Emoji}--[0-9#*\p{RI}]](?:\p{EMod}|\ufe0f|[\u{e0020}-\u{e007e}]+\u{e007f})?)`;
/** The selector for a plain glyph (U+FE0E) follows a single emoji, and joins with no other. */
const EMOJI = String.raw`(?:[\p{Emoji}--[0-9#*\p{RI}]]\ufe0e|${ELEMENT}(?:\u200d${ELEMENT})*)`;
const EMOJIS = new RegExp(EMOJI, 'gv');
const EMOJI_OR_UNPRINTABLE = new RegExp(
  String.raw`(${EMOJI})|[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]+`,
  'gv',
);

/**
 * Checks a text from outside. The result is in NFC, so that two spellings of one text become equal.
 * Any other fault refuses the text: without the faulty characters it would be another text than its
 * writer meant. An empty text is checked for its length only.
 * @returns the text to store, or its fault
 */
export function readText(given: string, use: TextUse, [min, max]: TextLength): TextRead {
  // A fast path: most texts are plain, and a batch of player events has thousands of them.
  const isPlain = PLAIN_ASCII.test(given);
  const text = isPlain ? given : given.normalize('NFC');
  const length = isPlain ? text.length : Array.from(text).length;
  if (length < min || length > max) return { fault: `Not ${min} to ${max} characters` };
  const isDone = text === '' || (isPlain && use !== 'NAME');
  const fault = isDone ? undefined : faultOf(text, use);
  return fault === undefined ? { text } : { fault };
}

function faultOf(text: string, use: TextUse): string | undefined {
  if (!text.isWellFormed()) return 'Half of a surrogate pair is in it';
  if (use === 'LINES') {
    if (CONTROL_BUT_LINE_BREAK.test(text))
      return 'A control character other than a line break is in it';
  } else if (CONTROL.test(text) || LINE_SEPARATOR.test(text)) {
    return 'A control character or a line break is in it';
  }
  if (BIDIRECTIONAL.test(text)) return 'A bidirectional control is in it';
  if (!SEEN.test(text)) return 'Nothing in it can be seen';
  if (use === 'NAME') {
    const isName = NAME.test(text) && !UNSEEN.test(text);
    return isName ? undefined : NAME_RULE;
  }
  return EMOJI_PART.test(text.replace(EMOJIS, ''))
    ? 'A joiner, variation selector or tag outside of an emoji is in it'
    : undefined;
}

/**
 * Makes one printable line of a text that cannot be refused, such as a provider's explanation: what
 * cannot be printed becomes a blank.
 * @param maxLength the most characters; the rest is cut off
 * @returns the line; empty if nothing in it is visible
 */
export function printableLine(given: string, maxLength: number): string {
  const cut = Array.from(given.normalize('NFC')).slice(0, maxLength).join('');
  const line = cut.replace(EMOJI_OR_UNPRINTABLE, (_, emoji?: string) => emoji ?? ' ').trim();
  return SEEN.test(line) ? line : '';
}
