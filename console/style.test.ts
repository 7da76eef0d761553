import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { it } from 'node:test';

const read = (pattern: string) =>
  globSync(pattern, { cwd: import.meta.dirname })
    .filter((file) => !file.includes('.test.'))
    .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n');

/** The words of all string literals: a class may be composed, as in `badge ${tone}`. */
function wordsOf(code: string): Set<string> {
  const literals = code.matchAll(/(["'`])((?:(?!\1).)*)\1/g);
  return new Set([...literals].flatMap(([, , text = '']) => text.split(/\s+/)));
}

it('every class of the style is one that a part or a screen has', () => {
  const style = read('style/*.css').replaceAll(/\/\*.*?\*\//gs, '');
  const classes = [...style.matchAll(/\.([a-z][\w-]*)(?=[^{};]*\{)/gi)].map(
    ([, name = '']) => name,
  );
  assert.ok(classes.length > 100, `${classes.length} are found`);
  const words = wordsOf(read('{app,parts,screens}/**/*.{ts,tsx}'));
  assert.deepEqual(
    [...new Set(classes)].filter((name) => !words.has(name)),
    [],
  );
});
