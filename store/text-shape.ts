/** The schema of a text in a request. `domain/text.ts` says which texts are accepted. */
import { z } from 'zod';
import { readText, type TextLength, type TextUse } from '../domain/text.ts';

/**
 * @param use where the text is used, which decides what it may contain
 * @param length the shortest and the longest length
 * @param given the schema that runs before; a plain string unless given
 */
export function textShape(use: TextUse, length: TextLength, given = z.string('Not a text')) {
  return given
    .overwrite((value) => value.normalize('NFC'))
    .superRefine((value, context) => {
      const read = readText(value, use, length);
      if ('fault' in read) context.addIssue({ code: 'custom', message: read.fault });
    });
}
