/** Which test files need no server: neither MongoDB nor Temporal nor Kafka, and no whole stack. */
import path from 'node:path';
import { codeOf, importsOf, loadedBy, ourFiles, textOf } from './imports.ts';

/** Every server that a test starts or asks for is started by the file that exports this function. */
const STARTS_SERVERS = 'startServers';

/** Our function that runs a program. */
const RUNS_PROGRAM = 'startChild';

/** Test files, by their path from the root, that load and run nothing that starts a server. */
export function unitTests(): string[] {
  const files = ourFiles();
  const known = new Set(files);
  const startsServers = exporterOf(STARTS_SERVERS, files);
  // A file that imports one of these may run another of our files as a process of its own.
  const runners = ['node:child_process', 'node:worker_threads', exporterOf(RUNS_PROGRAM, files)];
  const targetsOf = (file: string) => {
    const imports = importsOf(file);
    const mayRun = imports.some((target) => runners.includes(target));
    return mayRun ? [...imports, ...runBy(file, known)] : imports;
  };
  const targets = new Map(files.map((file) => [file, targetsOf(file)]));
  return files.filter(
    (file) =>
      file.endsWith('.test.ts') &&
      !loadedBy(file, (each) => targets.get(each) ?? []).has(startsServers),
  );
}

/** The file that exports a function. @throws Error if there is none */
function exporterOf(name: string, files: readonly string[]): string {
  const declaration = new RegExp(`^export (?:async )?function ${name}\\b`, 'm');
  const found = files.find((file) => declaration.test(textOf(file)));
  if (found === undefined)
    throw new Error(`No file exports ${name}: test/unit-tests.ts needs its new name`);
  return found;
}

/** Our files that a file may run as processes: each that a text in its code names, by its path or name. */
function runBy(file: string, known: ReadonlySet<string>): string[] {
  const texts = [...codeOf(file).matchAll(/['"`]([^'"`\n]+\.ts)['"`]/g)].map(
    ([, text = '']) => text,
  );
  return texts
    .filter((text) => !text.startsWith('.'))
    .flatMap((text) => {
      const beside = path.posix.join(path.posix.dirname(file), text);
      if (known.has(text) || known.has(beside)) return [text, beside].filter((t) => known.has(t));
      return [...known].filter((each) => each.endsWith(`/${text}`));
    });
}
