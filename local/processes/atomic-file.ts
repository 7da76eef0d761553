/** Files that a reader sees whole or not at all. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts `text` at `path` in one step: a temporary file beside it, then a rename. `mode` is the
 * file's, 0600 unless given, as most of what the stack keeps holds a secret.
 */
export function writeAtomically(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
