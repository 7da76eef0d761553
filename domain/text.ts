/** Which texts may come in, whichever way they come: HTTP, Kafka, the configuration, a provider. */

/**
 * What a text is for. `NAME` tells people apart, so nothing in it may be unseen; `LINE` is any other
 * text on one line; `LINES` may have line breaks.
 */
export type TextUse = 'NAME' | 'LINE' | 'LINES';

/** The fewest and the most characters: code points of the NFC form, as JSON Schema counts them. */
export type TextLength = readonly [min: number, max: number];

/** A text as it is to be stored, or what is wrong with the one that came, in words for a person. */
type TextRead = { text: string } | { fault: string };

/** What a `NAME` consists of, for a person. */
export const NAME_RULE = 'Only visible characters, with single blanks between them';

/** Most texts; no rule but that for names has anything to say of one. */
const PLAIN_ASCII = /^[\x21-\x7e][\x20-\x7e]*$/;

/** Letters, digits, marks, punctuation, symbols and single blanks between them. */
const NAME = /^[\p{L}\p{N}\p{M}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{M}\p{P}\p{S}]+)*$/u;

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LINE_BREAK = /[\p{Cc}--[\r\n]]/v;
const LINE_SEPARATOR = /[\u2028\u2029]/;

/** Embeddings, overrides and isolates: they show what follows in another order than it is stored. */
const BIDIRECTIONAL = /[\u202a-\u202e\u2066-\u2069]/;

/** U+2800 is a pattern of Braille without a dot: a symbol by its class, but nothing is seen. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Marks are left out, as they need a letter to stand on; U+1D159 is a note without a head. */
const SEEN = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]]/v;

/** Joiners, variation selectors and tags: parts of an emoji, and of nothing else. */
const EMOJI_PART = /[\u200c-\u200d\p{Variation_Selector}\u{e0000}-\u{e007f}]/u;

/** UTS #51, section 1.4.9, "EBNF and Regex"; a digit is an emoji only as a keycap. */
const ELEMENT = String.raw`(?:\p{RI}\p{RI}|[0-9#*]\ufe0f\u20e3|[\p{Emoji}--[0-9#*\p{RI}]](?:\p{EMod}|\ufe0f|[\u{e0020}-\u{e007e}]+\u{e007f})?)`;
/** The selector for a plain glyph (U+FE0E) stands behind one emoji, and joins with none. */
const EMOJI = String.raw`(?:[\p{Emoji}--[0-9#*\p{RI}]]\ufe0e|${ELEMENT}(?:\u200d${ELEMENT})*)`;
const EMOJIS = new RegExp(EMOJI, 'gv');
const EMOJI_OR_UNPRINTABLE = new RegExp(
  String.raw`(${EMOJI})|[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]+`,
  'gv',
);

/**
 * Reads a text that came in. It is stored as NFC, so that what is written in two ways is one text;
 * whatever else does not fit is refused and not taken out, as the writer meant another text then.
 * An empty text is judged by its length alone.
 */
export function readText(given: string, use: TextUse, [min, max]: TextLength): TextRead {
  // Most texts are plain, and a batch of activities has thousands of them.
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
 * The same for a text that cannot be refused, such as what a provider says with its answer: what
 * cannot be printed becomes a blank. Empty where nothing can be seen.
 * @param maxLength the most characters; what follows them is cut off
 */
export function printableLine(given: string, maxLength: number): string {
  const cut = Array.from(given.normalize('NFC')).slice(0, maxLength).join('');
  const line = cut.replace(EMOJI_OR_UNPRINTABLE, (_, emoji?: string) => emoji ?? ' ').trim();
  return SEEN.test(line) ? line : '';
}
