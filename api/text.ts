/** Texts in bodies, with their length in the description: in characters there as here. */
import { z } from '@hono/zod-openapi';
import type { TextLength, TextUse } from '../domain/text.ts';
import { textShape } from '../store/text-shape.ts';

/** Any text that comes in with a body. */
export function text(use: TextUse, length: TextLength) {
  return described(textShape(use, length), length);
}

/** The same without the blanks around it, as people leave them in forms. */
export function trimmedText(use: TextUse, length: TextLength) {
  return described(textShape(use, length, z.string().trim()), length);
}

function described(shape: z.ZodString, [minLength, maxLength]: TextLength) {
  return shape.openapi({ minLength, maxLength });
}
