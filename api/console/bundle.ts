/**
 * Bundles the console's page. `node api/console/bundle.ts` does so ahead, for an image; else it is
 * done when the page is first asked for, which takes 0.3 s.
 */
import { createHash } from 'node:crypto';
import { glob, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(import.meta.dirname));

/** Where the prebuilt bundle is. */
const BUNDLE_FOLDER = path.join(ROOT, 'dist', 'console');
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
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['console/main.tsx', 'console/style.css'],
    outdir: BUNDLE_FOLDER,
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

/** Returns the prebuilt bundle if no source file is newer, else builds one. */
export async function consoleBundle(): Promise<ConsoleBundle> {
  const builtAtMs = await stat(path.join(BUNDLE_FOLDER, PAGE)).then(
    (s) => s.mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  );
  return builtAtMs >= (await changedAtMs()) ? await prebuilt() : await buildConsole();
}

/** When the page's code was last changed, in milliseconds since the epoch. */
async function changedAtMs(): Promise<number> {
  const sources = ['console/**/*.{ts,tsx,css,html}', 'client/*.ts', 'package-lock.json'];
  const files = await Array.fromAsync(glob(sources, { cwd: ROOT }));
  const stats = await Promise.all(files.map((file) => stat(path.join(ROOT, file))));
  return Math.max(...stats.map((s) => s.mtimeMs));
}

async function prebuilt(): Promise<ConsoleBundle> {
  const read = (name: string) => readFile(path.join(BUNDLE_FOLDER, name), 'utf8');
  const names = (await readdir(BUNDLE_FOLDER)).filter((name) => name !== PAGE);
  const assets = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
  return { page: await read(PAGE), assets: new Map(assets) };
}

/** Builds the bundle where the API looks for it. @returns its files by name */
export async function prebuildConsole(): Promise<ReadonlyMap<string, string>> {
  const { page, assets } = await buildConsole();
  await rm(BUNDLE_FOLDER, { recursive: true, force: true });
  await mkdir(BUNDLE_FOLDER, { recursive: true });
  for (const [name, text] of assets) await writeFile(path.join(BUNDLE_FOLDER, name), text);
  // Last, as its time is the bundle's.
  await writeFile(path.join(BUNDLE_FOLDER, PAGE), page);
  return assets;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of await prebuildConsole()) {
    console.log(`${path.join(BUNDLE_FOLDER, name)}: ${Math.round(text.length / 1024)} KiB`);
  }
}
