/** Bundles the workflow code into one file. `node worker/bundle.ts` does so ahead, for an image. */
import { glob, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger, type WorkflowBundleOption } from '@temporalio/worker';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Where the prebuilt bundle is. */
const BUNDLE_PATH = path.join(ROOT, 'dist', 'workflow-bundle.js');

/** Builds the bundle. @throws Error for an import that workflow code may not have */
export async function buildBundle(logger?: Logger): Promise<{ code: string }> {
  return await bundleWorkflowCode({
    workflowsPath: path.join(ROOT, 'workflows', 'index.ts'),
    ...(logger && { logger }),
  });
}

/** When the workflow code was last changed, in milliseconds since the epoch. */
async function changedAtMs(): Promise<number> {
  const files = await Array.fromAsync(glob('{workflows,domain}/**/*.ts', { cwd: ROOT }));
  const stats = await Promise.all(files.map((file) => stat(path.join(ROOT, file))));
  return Math.max(...stats.map((s) => s.mtimeMs));
}

/** Returns the prebuilt bundle if no source file is newer, else builds one. */
export async function workflowBundle(logger?: Logger): Promise<WorkflowBundleOption> {
  const builtAtMs = await stat(BUNDLE_PATH).then(
    (s) => s.mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  );
  const isFresh = builtAtMs >= (await changedAtMs());
  return isFresh ? { codePath: BUNDLE_PATH } : await buildBundle(logger);
}

/** Builds the bundle where workers look for it. @returns its size in bytes */
export async function prebuildBundle(logger?: Logger): Promise<number> {
  const { code } = await buildBundle(logger);
  await mkdir(path.dirname(BUNDLE_PATH), { recursive: true });
  await writeFile(BUNDLE_PATH, code);
  return code.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await prebuildBundle();
  console.log(`${BUNDLE_PATH}: ${Math.round(bytes / 1024)} KiB`);
}
