/** The schema of a text that comes in: taken, and stored, as `domain/text.ts` says. */
import { z } from 'zod';
import { readText, type TextLength, type TextUse } from '../domain/text.ts';

/** @param given what is done with the text before it is looked at */
export function textShape(use: TextUse, length: TextLength, given = z.string('Not a text')) {
  return given
    .overwrite((value) => value.normalize('NFC'))
    .superRefine((value, context) => {
      const read = readText(value, use, length);
      if ('fault' in read) context.addIssue({ code: 'custom', message: read.fault });
    });
}
