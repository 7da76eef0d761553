/**
 * Bundles the console's page. `node api/console/bundle.ts` does so ahead, for an image; else the API
 * does when it starts, which takes 0.3 s.
 */
import { createHash } from 'node:crypto';
import { glob, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(import.meta.dirname));

/** Where the prebuilt bundle is. */
const folderIn = (root: string) => path.join(root, 'dist', 'console');
const PAGE = 'index.html';

/** What the page is made of, as `console/index.html` names it, without the folder. */
const ENTRIES = ['main.js', 'style.css'];
const ASSETS_URL = '/console/assets/';

export interface ConsoleBundle {
  /** The HTML of every address. */
  page: string;
  /** The files that it asks for, by name. A name has a hash of what is in the file. */
  assets: ReadonlyMap<string, string>;
}

/** Builds the bundle. @throws Error for code that does not parse, or an import that is not there */
export async function buildConsole(): Promise<ConsoleBundle> {
  // Not loaded where the bundle is prebuilt.
  const { build, stop } = await import('esbuild');
  const built = build({
    absWorkingDir: ROOT,
    entryPoints: ['console/main.tsx', 'console/style.css'],
    outdir: folderIn(ROOT),
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  });
  // Its process would stay, with its memory, as long as the API runs.
  const { outputFiles } = await built.finally(stop);
  const texts = new Map(outputFiles.map((file) => [path.basename(file.path), file.text]));
  const assets = new Map<string, string>();
  let page = await readFile(path.join(ROOT, 'console', PAGE), 'utf8');
  for (const entry of ENTRIES) {
    const text = texts.get(entry);
    const address = `"${ASSETS_URL}${entry}"`;
    if (text === undefined || !page.includes(address)) {
      throw new Error(`console/${PAGE} does not ask for ${ASSETS_URL}${entry}`);
    }
    const name = hashedName(entry, text);
    assets.set(name, text);
    page = page.replace(address, `"${ASSETS_URL}${name}"`);
  }
  return { page, assets };
}

/** `main.js` as `main-{hash}.js`. */
function hashedName(entry: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 12);
  const { name, ext } = path.parse(entry);
  return `${name}-${hash}${ext}`;
}

/**
 * Returns the prebuilt bundle if no source file is newer, else builds one.
 * @param root the folder of the package, where the sources need not be if the bundle is prebuilt
 */
export async function consoleBundle(root = ROOT): Promise<ConsoleBundle> {
  const folder = folderIn(root);
  const builtAtMs = await stat(path.join(folder, PAGE)).then(
    (s) => s.mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  );
  return builtAtMs >= (await changedAtMs(root)) ? await prebuilt(folder) : await buildConsole();
}

/** When the page's code was last changed, in milliseconds since the epoch; -Infinity if it is gone. */
async function changedAtMs(root: string): Promise<number> {
  const sources = ['console/**/*.{ts,tsx,css,html}', 'client/*.ts', 'package-lock.json'];
  const files = await Array.fromAsync(glob(sources, { cwd: root }));
  const stats = await Promise.all(files.map((file) => stat(path.join(root, file))));
  return Math.max(...stats.map((s) => s.mtimeMs));
}

/** Only what the page asks for: files of another bundle may still be there. */
async function prebuilt(folder: string): Promise<ConsoleBundle> {
  const page = await readFile(path.join(folder, PAGE), 'utf8');
  const names = [...page.matchAll(/"\/console\/assets\/([^"]+)"/g)].map(([, name = '']) => name);
  const read = async (name: string) =>
    [name, await readFile(path.join(folder, name), 'utf8')] as const;
  return { page, assets: new Map(await Promise.all(names.map(read))) };
}

/**
 * Builds the bundle where the API looks for it. An API that reads the last one meanwhile is not
 * disturbed.
 * @returns its files by name
 */
export async function prebuildConsole(root = ROOT): Promise<ReadonlyMap<string, string>> {
  const folder = folderIn(root);
  const { page, assets } = await buildConsole();
  await mkdir(folder, { recursive: true });
  for (const [name, text] of assets) await writeFile(path.join(folder, name), text);
  // After what it asks for, and whole at once. Its time is the bundle's.
  const draft = path.join(folder, `.${process.pid}.html`);
  await writeFile(draft, page);
  await rename(draft, path.join(folder, PAGE));
  const left = (await readdir(folder)).filter((name) => name !== PAGE && !assets.has(name));
  await Promise.all(left.map((name) => rm(path.join(folder, name), { force: true })));
  return assets;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of await prebuildConsole()) {
    console.log(`${path.join(folderIn(ROOT), name)}: ${Math.round(text.length / 1024)} KiB`);
  }
}
