/** What our files import, for the tests about the code itself. */
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

const ROOT = path.dirname(import.meta.dirname);

const IMPORT =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

/** Folders that git ignores, and what is generated. */
const NOT_OURS = ['**/node_modules/**', 'dist/**', 'client/schema.d.ts'];

/** Every TypeScript file of the repository, or those that match a pattern; paths from its root. */
export function ourFiles(pattern = '**/*.ts'): string[] {
  return globSync(pattern, { cwd: ROOT, exclude: NOT_OURS }).sort();
}

/** The text of a file, which is named by its path from the root. */
export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The text of a file without its types. Every character that stays keeps its place. */
export function codeOf(file: string): string {
  return stripTypeScriptTypes(textOf(file));
}

/** What a file imports at run time: our own files by their path from the root, packages by name. */
export function importsOf(file: string): string[] {
  return targetsIn(codeOf(file), file);
}

/** What a file imports of ours, types included. */
export function allImportsOf(file: string): string[] {
  return targetsIn(textOf(file), file).filter(isOurs);
}

/** Whether an import's target is one of our files. */
export function isOurs(target: string): boolean {
  return /\.tsx?$/.test(target) && !target.startsWith('@');
}

/** The files that a file loads, itself included: what it imports, what those import, and so on. */
export function loadedBy(file: string, targetsOf = importsOf): Set<string> {
  const loaded = new Set<string>();
  const queue = [file];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    queue.push(...targetsOf(next).filter(isOurs));
  }
  return loaded;
}

function targetsIn(code: string, file: string): string[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const target = match[1] ?? match[2] ?? '';
    return target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target;
  });
}
