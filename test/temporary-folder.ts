import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Scope {
  after(cleanUp: () => void): void;
}

/** An empty folder that is removed when the test (or whatever has `after`) ends. */
export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-test-'));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
