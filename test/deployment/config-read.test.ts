/** Every variable of the configuration is read by a process: one that nothing reads promises in vain. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROCESSES = ['api', 'worker', 'streams', 'ops', 'temporal', 'providers', 'store', 'tracing'];

/** A file as it runs: without its types and its comments, which may name what they do not read. */
function code(file: string): string {
  const text = stripTypeScriptTypes(readFileSync(path.join(ROOT, file), 'utf8'));
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

test('every variable of the configuration is read', () => {
  const declared = [...code('process/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]*): /gm)].map(
    ([, name = '']) => name,
  );
  assert.ok(declared.length > 30, declared.join());
  const files = globSync(`{${PROCESSES.join()}}/**/*.ts`, { cwd: ROOT });
  const all = files
    .filter((file) => !/(\.test|\/test-\w+)\.ts$/.test(file))
    .map(code)
    .join('\n');
  for (const name of new Set(declared)) {
    // `config.NAME`, or taken out of it by `const { NAME, … } = config`.
    const isRead = new RegExp(`\\w\\.${name}\\b|\\{[^{}]*\\b${name}\\b[^{}]*\\} = `).test(all);
    assert.ok(isRead, `process/config.ts: nothing reads ${name}`);
  }
});
