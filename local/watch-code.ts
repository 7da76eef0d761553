/** Tells which of our processes run code that has just changed, for `npm run dev`. */
import { watch } from 'node:fs';
import { join } from 'node:path';

/** A process of the stack that runs our own code. */
export type OwnProcess = 'api' | 'worker' | 'streams' | 'simulator';

/** For each folder, the processes that load code from it. The test beside this file keeps it true. */
export const PROCESSES_BY_FOLDER: Record<string, OwnProcess[]> = {
  activities: ['worker'],
  api: ['api'],
  client: ['api'],
  console: ['api'],
  domain: ['api', 'worker', 'streams'],
  'local/simulator': ['simulator'],
  process: ['api', 'worker', 'streams'],
  providers: ['api', 'worker'],
  store: ['api', 'worker', 'streams'],
  streams: ['streams'],
  temporal: ['api', 'worker', 'streams'],
  tracing: ['api', 'worker', 'streams'],
  worker: ['worker'],
  workflows: ['api', 'worker', 'streams'],
};

/** An editor writes a file in several steps, and a branch that is checked out changes many files. */
const SETTLE_MS = 200;

/**
 * Watches the product's folders in `root` until `signal` aborts. After each burst of changes
 * `onChange` is called once, with the processes that the changes concern. Tests do not count.
 * `onFailure` is called where a folder cannot be watched any more.
 */
export function watchCode(
  root: string,
  signal: AbortSignal,
  onChange: (names: OwnProcess[]) => void,
  onFailure: (error: Error) => void,
): void {
  const changed = new Set<OwnProcess>();
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    onChange([...changed].sort());
    changed.clear();
  };
  for (const [folder, names] of Object.entries(PROCESSES_BY_FOLDER)) {
    const watcher = watch(join(root, folder), { recursive: true, signal }, (_, file) => {
      if (file === null || !isProductCode(file)) return;
      for (const name of names) changed.add(name);
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLE_MS);
    });
    watcher.on('error', onFailure);
  }
  signal.addEventListener('abort', () => clearTimeout(timer));
}

/** Also the pages of `/docs` and `/console`, which the API reads and bundles. */
function isProductCode(file: string): boolean {
  return /\.(tsx?|js|css|html)$/.test(file) && !/\.test\.ts$|(^|[\\/])test-[^\\/]*$/.test(file);
}
