/** Installed binaries, shared by every stack of this user: each in a folder of its own. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { given } from '../processes/server-environment.ts';

/** A work folder as old as this belongs to an install that was killed. */
const ABANDONED_MS = 3_600_000;
const WORK_PREFIX = 'installing-';

export class BinaryCache {
  readonly #folder: string;

  /** At `$XDG_CACHE_HOME/laurel`, or `~/.cache/laurel` (the XDG Base Directory specification). */
  constructor(env: NodeJS.ProcessEnv) {
    const caches = given(env, 'XDG_CACHE_HOME') ?? join(given(env, 'HOME') ?? homedir(), '.cache');
    this.#folder = join(caches, 'laurel');
  }

  /** Where the binary `name` of source `id` is, or will be. */
  pathOf(name: string, id: string): string {
    return join(this.#folder, `${name}-${id}`, name);
  }

  /** An empty folder to install in, in the same file system. @throws Error if the cache cannot be written */
  workFolder(now: Date = new Date()): string {
    mkdirSync(this.#folder, { recursive: true });
    this.#removeAbandoned(now);
    return mkdtempSync(join(this.#folder, WORK_PREFIX));
  }

  /**
   * Puts a binary made in a work folder in its place, in one step, so that a kill at any moment and
   * two stacks that install at once leave a whole one or none. Returns its path.
   */
  take(binary: string, workFolder: string, name: string, id: string): string {
    const whole = join(workFolder, 'whole');
    mkdirSync(whole);
    renameSync(binary, join(whole, name));
    try {
      renameSync(whole, join(this.#folder, `${name}-${id}`));
    } catch (error) {
      // Another stack was quicker, and its binary is the same.
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
