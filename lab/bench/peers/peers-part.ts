/**
 * The part `peers` of `npm run bench`: installs its packages, checks its types, and runs it in its
 * own process.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../../local/processes/child-process.ts';
import type { Figures } from '../figures.ts';
import type { BenchOptions } from '../options.ts';

const FOLDER = import.meta.dirname;
const TSC = join(FOLDER, '..', '..', '..', 'node_modules', '.bin', 'tsc');

/** The part `peers`. @throws Error if it cannot be installed, its types are wrong, or a side fails its checks */
export async function benchPeers({ isShort, rounds, say }: BenchOptions): Promise<Figures> {
  if (process.platform !== 'linux') throw new Error('the peers are measured on Linux only');
  if (!isInstalled()) {
    say('peers: npm ci in lab/bench/peers, some 300 MB, once');
    await run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', FOLDER], say);
  }
  // `npm run types` leaves out the files that import the packages of this folder.
  await run(TSC, ['--project', FOLDER], say);
  const options = ['--json', '--rounds', String(rounds), ...(isShort ? ['--short'] : [])];
  return JSON.parse(await run(process.execPath, [join(FOLDER, 'main.ts'), ...options], say));
}

/** Whether the last install is not older than the lock file. */
function isInstalled(): boolean {
  const installed = join(FOLDER, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(join(FOLDER, 'package-lock.json')).mtimeMs;
}

/** Runs a program and returns its output. Its standard error is progress. @throws Error if it fails */
async function run(file: string, args: string[], say: (line: string) => void): Promise<string> {
  const printed: string[] = [];
  const child = await startChild(
    { file, args, env: process.env },
    {
      chunk: () => {},
      line: (text, stream) => {
        if (stream === 'stdout') printed.push(text);
        else say(text);
      },
    },
  );
  const { code, words } = await child.ended;
  if (code !== 0) {
    throw new Error([`${[file, ...args].join(' ')}: ${words}`, ...printed].join('\n'));
  }
  return printed.join('\n');
}
