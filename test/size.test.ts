/** No file has more than 400 lines, and no function more than 60. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longFunctions, MAX_FUNCTION_LINES } from './function-lengths.ts';
import { codeOf, linesOf, ourFiles, textOf } from './imports.ts';

const MAX_FILE_LINES = 400;

test(`no file has more than ${MAX_FILE_LINES} lines`, () => {
  const long = ourFiles().flatMap((file) => {
    const lines = textOf(file).trimEnd().split('\n').length;
    if (lines <= MAX_FILE_LINES) return [];
    return [`${file} has ${lines} lines`];
  });
  assert.deepEqual(long, []);
});

test(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
  const long = ourFiles().flatMap((file) =>
    longFunctions(codeOf(file), linesOf(file)).map(
      ({ name, line, lines }) => `${name} at ${file}:${line} has ${lines} lines`,
    ),
  );
  assert.deepEqual(long, []);
});

const body = (lines: number) => Array.from({ length: lines }, (_, n) => `f(${n});`).join('\n');

test('a function is measured without the functions that it defines by name', () => {
  assert.deepEqual(longFunctions(`function short() {\n${body(58)}\n}`), []);
  assert.deepEqual(longFunctions(`function long() {\n${body(59)}\n}`), [
    { name: 'long', line: 1, lines: 61 },
  ]);
  const store = `function createStore() {
    const find = () => {\n${body(40)}\n};
    return { find, add() {\n${body(40)}\n} };
  }`;
  assert.deepEqual(longFunctions(store), []);
});

test('a function that is handed over counts with the one that it stands in', () => {
  const [found] = longFunctions(`function each() {\nlist.map((item) => {\n${body(59)}\n});\n}`);
  assert.equal(found?.name, 'each');
  assert.equal(found.lines, 63);
});

test("a test's own functions count: what is handed to describe and it does not", () => {
  const helper = `const helper = () => {\n${body(70)}\n};`;
  const suite = `describe('a', () => {\n${helper}\nit.skip('b', async () => {\n${body(80)}\n});\n});`;
  assert.deepEqual(longFunctions(suite), [{ name: 'helper', line: 2, lines: 72 }]);
});
