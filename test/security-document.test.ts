/** `docs/security.md` answers every row of ASVS 5.0 that it says it answers. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/security.md');

/** The requirements of levels 1 and 2 in chapters V6, V7, V9 and V10, by section. */
const SECTIONS: Record<string, number[]> = {
  '6.1': [1, 2, 3],
  '6.2': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  '6.3': [1, 2, 3, 4],
  '6.4': [1, 2, 3, 4],
  '6.5': [1, 2, 3, 4, 5],
  '6.6': [1, 2, 3],
  '6.8': [1, 2, 3, 4],
  '7.1': [1, 2, 3],
  '7.2': [1, 2, 3, 4],
  '7.3': [1, 2],
  '7.4': [1, 2, 3, 4, 5],
  '7.5': [1, 2],
  '7.6': [1, 2],
  '9.1': [1, 2, 3],
  '9.2': [1, 2, 3, 4],
  '10.1': [1, 2],
  '10.2': [1, 2],
  '10.3': [1, 2, 3, 4],
  '10.4': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  '10.5': [1, 2, 3, 4, 5],
  '10.6': [1, 2],
  '10.7': [1, 2, 3],
};

const text = await readFile(DOCUMENT, 'utf8');
const rows = [...text.matchAll(/^\| (\d+\.\d+\.\d+) \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number = '', asked = '', verdict = '', why = '']) => ({ number, asked, verdict, why }),
);

describe('the table of ASVS', () => {
  it('has each row once, in order', () => {
    const expected = Object.entries(SECTIONS).flatMap(([section, numbers]) =>
      numbers.map((n) => `${section}.${n}`),
    );
    assert.deepEqual(
      rows.map(({ number }) => number),
      expected,
    );
  });

  it('says of each that it holds, does not apply, or is open, and why', () => {
    for (const { number, verdict, why } of rows) {
      assert.ok(['holds', '–', 'open'].includes(verdict), number);
      assert.ok(why.length > 5, number);
    }
  });

  it('names a test, a file or a section where it holds', () => {
    // What is not there is told by documents.test.ts.
    const proof = /`[\w/.-]+\.tsx?`|\]\((#|[\w-]+\.md)|there is no such rule/;
    for (const { number, verdict, why } of rows) {
      if (verdict === 'holds') assert.match(why, proof, number);
    }
  });
});
