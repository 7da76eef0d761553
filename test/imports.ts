/** What our files import, for the tests about the code itself. */
import { globSync, readFileSync } from 'node:fs';
import { SourceMap, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { transformSync } from 'esbuild';

const ROOT = path.dirname(import.meta.dirname);

const IMPORT =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

/** An import that is only of types goes, as Node's stripping has it. */
const TSX = {
  loader: 'tsx',
  jsx: 'transform',
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
} as const;

/** Folders that git ignores, and what is generated. */
const NOT_OURS = ['**/node_modules/**', 'dist/**', 'client/schema.d.ts'];

/** Every TypeScript file of the repository, or those that match a pattern; paths from its root. */
export function ourFiles(pattern = '**/*.{ts,tsx}'): string[] {
  return globSync(pattern, { cwd: ROOT, exclude: NOT_OURS }).sort();
}

/** The text of a file, which is named by its path from the root. */
export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/**
 * The text of a file without its types. Every character that stays keeps its place, but in TSX, which
 * Node cannot strip: there every element is a call too.
 */
export function codeOf(file: string): string {
  return isTsx(file) ? transformSync(textOf(file), TSX).code : stripTypeScriptTypes(textOf(file));
}

/** For a place in what `codeOf` gives, its line in the file. Both count from 1, columns from 0. */
export function linesOf(file: string): (line: number, column: number) => number {
  if (!isTsx(file)) return (line) => line;
  const { map } = transformSync(textOf(file), { ...TSX, sourcemap: 'external' });
  const places = new SourceMap(JSON.parse(map));
  return (line, column) => {
    const entry = places.findEntry(line - 1, column);
    return 'originalLine' in entry ? entry.originalLine + 1 : line;
  };
}

const isTsx = (file: string) => file.endsWith('.tsx');

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
