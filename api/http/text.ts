/** Texts in bodies, with their length in the description: in characters there as here. */
import { z } from '@hono/zod-openapi';
import type { TextLength, TextUse } from '../../domain/text.ts';
import { textShape } from '../../store/text-shape.ts';

/** Any text that comes in with a body. */
export function text(use: TextUse, length: TextLength) {
  return described(use, textShape(use, length), length);
}

/** The same without the blanks around it, as people leave them in forms. */
export function trimmedText(use: TextUse, length: TextLength) {
  return described(use, textShape(use, length, z.string().trim()), length);
}

/**
 * What a description says of a text beside its length: no control and no bidirectional character.
 * The rest of the rule cannot be said to the many readers that know no `\\p` in a pattern.
 */
const PATTERNS: Record<TextUse, string> = {
  NAME: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$',
  LINE: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$',
  LINES:
    '^[^\\u0000-\\u0009\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$',
};

function described(use: TextUse, shape: z.ZodString, [minLength, maxLength]: TextLength) {
  return shape.openapi({ minLength, maxLength, pattern: PATTERNS[use] });
}

/** What staff say of an action of theirs, for the audit log. */
export const note = text('LINES', [0, 1_000]);
