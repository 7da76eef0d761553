/** The cache of installed binaries, shared by all stacks of this user. Each binary has its own folder. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { given } from '../processes/server-environment.ts';

/** Age at which a work folder is removed: its install was killed. */
const ABANDONED_MS = 3_600_000;
const WORK_PREFIX = 'installing-';

/** The cache of one user. */
export class BinaryCache {
  readonly #folder: string;

  /** In `$XDG_CACHE_HOME/laurel` or `~/.cache/laurel` (XDG Base Directory specification). */
  constructor(env: NodeJS.ProcessEnv) {
    const caches = given(env, 'XDG_CACHE_HOME') ?? join(given(env, 'HOME') ?? homedir(), '.cache');
    this.#folder = join(caches, 'laurel');
  }

  /** The path of a binary, whether or not it is there. @param id of its source */
  pathOf(name: string, id: string): string {
    return join(this.#folder, `${name}-${id}`, name);
  }

  /** Makes an empty folder to install in, on the same file system. @throws Error if it cannot */
  workFolder(now: Date = new Date()): string {
    mkdirSync(this.#folder, { recursive: true });
    this.#removeAbandoned(now);
    return mkdtempSync(join(this.#folder, WORK_PREFIX));
  }

  /**
   * Moves a binary from a work folder into the cache in one step, and returns its path. After a kill,
   * or with two installs at once, the cache has a whole binary or none.
   */
  take(binary: string, workFolder: string, name: string, id: string): string {
    const whole = join(workFolder, 'whole');
    mkdirSync(whole);
    renameSync(binary, join(whole, name));
    try {
      renameSync(whole, join(this.#folder, `${name}-${id}`));
    } catch (error) {
      // Another stack has installed the same binary meanwhile.
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    }
    return this.pathOf(name, id);
  }

  /** Removes a binary that turned out not to run. */
  drop(name: string, id: string): void {
    rmSync(join(this.#folder, `${name}-${id}`), { recursive: true, force: true });
  }

  #removeAbandoned(now: Date): void {
    for (const entry of readdirSync(this.#folder)) {
      if (!entry.startsWith(WORK_PREFIX)) continue;
      const path = join(this.#folder, entry);
      const age = now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > ABANDONED_MS) rmSync(path, { recursive: true, force: true });
    }
  }
}
