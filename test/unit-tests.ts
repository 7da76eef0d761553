/** Which test files need no server: neither MongoDB nor Temporal nor Kafka, and no whole stack. */
import path from 'node:path';
import { codeOf, importsOf, loadedBy, ourFiles } from './imports.ts';

/** Every server that a test starts or asks for is started by this file. */
const STARTS_SERVERS = 'local/servers/start-servers.ts';

/** This file runs a program. */
const RUNS_PROGRAM = 'local/processes/child-process.ts';

/** A file that imports one of these may run another of our files as a process of its own. */
const RUNS_FILES = ['node:child_process', 'node:worker_threads', RUNS_PROGRAM];

/** Test files, by their path from the root, that load and run nothing that starts a server. */
export function unitTests(): string[] {
  const files = ourFiles();
  const known = new Set(files);
  for (const file of [STARTS_SERVERS, RUNS_PROGRAM]) {
    if (!known.has(file)) throw new Error(`${file} is gone: test/unit-tests.ts needs its new name`);
  }
  const targets = new Map(files.map((file) => [file, [...importsOf(file), ...runBy(file, known)]]));
  return files.filter(
    (file) =>
      file.endsWith('.test.ts') &&
      !loadedBy(file, (each) => targets.get(each) ?? []).has(STARTS_SERVERS),
  );
}

/** Our files that a file may run as processes: each that a text in its code names, by its path or name. */
function runBy(file: string, known: ReadonlySet<string>): string[] {
  if (!importsOf(file).some((target) => RUNS_FILES.includes(target))) return [];
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
