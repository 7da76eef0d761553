/**
 * What comments and documents name is there: files, links and their anchors, rules, decisions,
 * scripts. A reader who follows a reference must arrive.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import {
  anchorsOf,
  commentsOf,
  faultsOf,
  filesNamedIn,
  type Foreign,
  linksIn,
  rulesCitedIn,
  rulesIn,
  type Tree,
} from './document-references.ts';

const ROOT = path.dirname(import.meta.dirname);

/** Files of other projects that ours name: what was read there, or how to write a file of one's own. */
const FOREIGN: Foreign = {};

/** Not ours, made by running, or recorded history. */
const LEFT_OUT = ['node_modules', '.git', '.data', 'dist', 'fixtures'];

function repository(): Tree {
  const files = globSync('{*,.*,**/*}', {
    cwd: ROOT,
    exclude: (name) => LEFT_OUT.includes(path.basename(String(name))),
  });
  const isRead = (file: string) => /\.(ts|md)$|^package\.json$/.test(file);
  return new Map(
    files
      .filter((file) => statSync(path.join(ROOT, file)).isFile())
      .map((file) => [file, isRead(file) ? readFileSync(path.join(ROOT, file), 'utf8') : '']),
  );
}

it('everything that a comment or a document names is there', () => {
  assert.deepEqual(faultsOf(repository(), FOREIGN), []);
});
