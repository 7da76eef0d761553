/** Runs `pip install --target`. pip knows the machine's own index, proxy and certificates. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../progress.ts';
import { type FetchContext, type Limits, runFetching } from './fetch-program.ts';

/** The names of pip on different systems. The first that exists is used. */
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['python', '-m', 'pip'], ['pip']];

/** Two tries of 15 s each before pip gives up on a host. */
const PATIENCE = ['--timeout', '15', '--retries', '1'];
/** Longer than pip's own timeouts. */
const LIMITS: Limits = { stallMs: 60_000, totalMs: 900_000 };

const FLAGS = ['--no-deps', '--only-binary', ':all:', '--no-cache-dir', '--no-input'];
const QUIET = ['--progress-bar', 'off', '--disable-pip-version-check'];

/** Overrides settings of a machine's pip that would refuse `--target`. */
const SETTINGS = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };

/** Installs one wheel into `target`. @throws Error with pip's reason, or if there is no pip */
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

/** Whether there is no such program, or Python has no pip module (Debian packages it separately). */
function isMissing(error: unknown): boolean {
  return /ENOENT|No module named pip/.test(reasonOf(error));
}
