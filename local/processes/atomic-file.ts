/** Atomic file writes: a reader sees the old file or the new one, never a part. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Replaces a file in one step: writes a temporary file beside it, and renames that.
 * @param mode the file's mode; 0600 by default, as most of the stack's files hold a secret
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
