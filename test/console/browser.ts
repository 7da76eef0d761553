/**
 * A Chromium for the tests of the console: the one that `CHROMIUM` names, or one that is installed, or
 * the one that comes packed with the npm package `@sparticuz/chromium`, which needs no root.
 */
import { execFile } from 'node:child_process';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { BinaryCache } from '../../local/install/binary-cache.ts';

/** Names of an installed Chromium on `PATH`. Debian's package is the first one. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome'];

/** What makes a page the same on each machine, and lets it run in a container. */
const ARGS = ['--font-render-hinting=none', '--hide-scrollbars', '--disable-dev-shm-usage'];

/** How long a start may take, in milliseconds. */
const START_MS = 60_000;

/** The packed one is for Linux on x64 alone. */
const FITS_PACKED = process.platform === 'linux' && process.arch === 'x64';

interface Candidate {
  name: string;
  /** Finds it, or makes it ready. */
  options: () => LaunchOptions | Promise<LaunchOptions>;
}

/**
 * Starts the first Chromium that runs.
 * @throws Error that says what to install, and why each one did not run
 */
export async function startBrowser(env: NodeJS.ProcessEnv = process.env): Promise<Browser> {
  const failures: string[] = [];
  for (const { name, options } of candidates(env)) {
    try {
      return await chromium.launch({ args: ARGS, timeout: START_MS, ...(await options()) });
    } catch (error) {
      // The first line says it; the rest is the browser's own log.
      failures.push(`${name}: ${String(error).split('\n')[0]}`);
    }
  }
  throw new Error(
    [
      'The tests of the console need Chromium, and none was found that runs.',
      'Install it (Debian: `apt install chromium`), or name one in CHROMIUM, or run `npm ci` for the one that comes with `@sparticuz/chromium` (Linux, x64). What was tried:',
      ...failures,
    ].join('\n'),
  );
}

function candidates(env: NodeJS.ProcessEnv): Candidate[] {
  // Who names one wants that one: another would hide that it does not run.
  if (env.CHROMIUM) return [installed('CHROMIUM', env.CHROMIUM)];
  const folders = (env.PATH ?? '').split(':').filter(Boolean);
  const found = COMMANDS.flatMap((command) =>
    folders.map((folder) => join(folder, command)).filter((path) => existsSync(path)),
  );
  return [
    ...found.map((path) => installed(path, path)),
    { name: '@sparticuz/chromium', options: packed },
    // Where Chrome's own installer puts it, on macOS and Windows too.
    { name: 'Google Chrome', options: () => ({ channel: 'chrome' }) },
  ];
}

function installed(name: string, executablePath: string): Candidate {
  return { name, options: () => ({ executablePath }) };
}

/**
 * The packed Chromium with its libraries, unpacked once for this user. Not by the package's own
 * function: it unpacks into fixed names of the temporary folder, where two runs at once, or another
 * version of the package, leave half a file or the wrong one.
 */
async function packed(): Promise<LaunchOptions> {
  if (!FITS_PACKED) throw new Error('it is for Linux on x64');
  const folder = await unpacked();
  return {
    executablePath: join(folder, 'chromium'),
    args: [...ARGS, '--no-zygote', '--disable-gpu'],
    env: {
      ...process.env,
      // A bare machine has neither these libraries nor a configuration of its fonts.
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

async function unpacked(): Promise<string> {
  const module = fileURLToPath(import.meta.resolve('@sparticuz/chromium'));
  const home = dirname(dirname(module));
  const bin = join(home, 'bin');
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
  const cache = new BinaryCache(process.env);
  const folder = cache.pathOf('chromium', version);
  if (existsSync(folder)) return folder;
  const work = cache.workFolder();
  try {
    const whole = await unpack(bin, join(work, 'unpacked'));
    writeFileSync(join(whole, 'fonts.conf'), fontsConfig(folder));
    return cache.take(whole, work, 'chromium', version);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns the folder, with all that it takes to run */
async function unpack(bin: string, folder: string): Promise<string> {
  mkdirSync(folder);
  await Promise.all([
    decompress(join(bin, 'chromium.br'), join(folder, 'chromium')),
    untar(join(bin, 'al2023.tar.br'), join(folder, 'al2023')),
    untar(join(bin, 'fonts.tar.br'), join(folder, 'fonts')),
  ]);
  return folder;
}

/** The machine's fonts too, as only these may have Korean. */
function fontsConfig(folder: string): string {
  const fonts = [`<dir>/usr/share/fonts</dir>`, `<dir>${join(folder, 'fonts')}</dir>`];
  return `<fontconfig>${fonts.join('')}<cachedir>${join(folder, 'cached')}</cachedir></fontconfig>`;
}

async function untar(archive: string, into: string): Promise<void> {
  mkdirSync(into);
  // By way of a file, as tar may leave before it has read the padding at the end of a pipe.
  const file = join(into, 'archive.tar');
  await decompress(archive, file);
  await promisify(execFile)('tar', ['-xf', file, '-C', into]);
  rmSync(file);
}

async function decompress(from: string, to: string): Promise<void> {
  const target = createWriteStream(to, { mode: 0o755 });
  await pipeline(createReadStream(from), createBrotliDecompress(), target);
}
