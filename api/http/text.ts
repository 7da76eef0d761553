/** Schemas of texts in bodies. Their length counts code points, in the OpenAPI document as well. */
import { z } from '@hono/zod-openapi';
import type { TextLength, TextUse } from '../../domain/text.ts';
import { textShape } from '../../store/text-shape.ts';

/**
 * The pattern of a text in the OpenAPI document: no control and no bidirectional character. The
 * rest of the rule needs `\\p`, which many readers of the document do not support.
 */
const PATTERNS: Record<TextUse, string> = {
  NAME: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$',
  LINE: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$',
  LINES:
    '^[^\\u0000-\\u0009\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$',
};

/**
 * A text in a body, stored as NFC. For what is refused see `domain/text.ts`.
 * @param given the schema that runs before; a plain string unless given
 */
export function text(use: TextUse, length: TextLength, given?: z.ZodString) {
  const [minLength, maxLength] = length;
  return textShape(use, length, given).openapi({ minLength, maxLength, pattern: PATTERNS[use] });
}

/** The same, with the blanks around it removed: people leave them in forms. */
export const trimmedText = (use: TextUse, length: TextLength) =>
  text(use, length, z.string().trim());

/** A note that staff add to an action, for the audit log. */
export const note = text('LINES', [0, 1_000]);
