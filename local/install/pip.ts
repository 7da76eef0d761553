/** `pip install --target`: pip knows the machine's own index, proxy and certificates. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../progress.ts';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';

/** The same pip under the names that systems give it; the first that exists is asked. */
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['python', '-m', 'pip'], ['pip']];

/** pip asks twice, for 15 s each, before it says that a host does not answer. */
const PATIENCE = ['--timeout', '15', '--retries', '1'];
const LIMITS: Limits = { stallMs: 60_000, totalMs: 900_000 };

const FLAGS = ['--no-deps', '--only-binary', ':all:', '--no-cache-dir', '--no-input'];
const QUIET = ['--progress-bar', 'off', '--disable-pip-version-check'];

/** A machine's pip may be set to refuse what `--target` does. */
const SETTINGS = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };

/** Unpacks one wheel into `target`. @throws Error with pip's reason, or that there is no pip */
export async function pipInstall(
  requirement: string,
  target: string,
  what: string,
  { folder, env, say, signal }: FetchContext,
): Promise<void> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const install = ['install', '--target', target, ...FLAGS, ...QUIET, ...PATIENCE, requirement];
  for (const [file = '', ...module] of PIPS) {
    try {
      await runFetching({
        what,
        file,
        args: [...module, ...install],
        env: { ...env, ...SETTINGS, TMPDIR: temporary },
        folder,
        limits: LIMITS,
        say,
        signal,
      });
      return;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw new Error('this machine has no pip');
}

/** No such program, or a Python without the module (Debian ships the two apart). */
function isMissing(error: unknown): boolean {
  return /ENOENT|No module named pip/.test(reasonOf(error));
}
