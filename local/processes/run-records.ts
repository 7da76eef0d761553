/**
 * Records on disk of the processes that use a data folder. A supervisor that was killed could not stop
 * its servers. The next one finds them here, so that no database is opened twice.
 */
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Say } from '../progress.ts';
import { writeAtomically } from './atomic-file.ts';
import { birthOf, signalProcess } from './process-identity.ts';

interface RunRecord {
  pid: number;
  birth: string;
}

const SUPERVISOR = 'supervisor.json';

/** Time from SIGTERM to SIGKILL for a leftover process, in milliseconds. */
const LEFTOVER_GRACE_MS = 8_000;
const LEFTOVER_POLL_MS = 50;

/** Another supervisor uses the same data folder. The message names its process. */
export class AlreadyRunning extends Error {}

/** The lock of a data folder, and the records of its processes. */
export class RunRecords {
  readonly #folder: string;
  readonly #dataDir: string;
  #isHeld = false;

  /** Whether this object has the lock: from `claim` to `release`. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'run');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Locks the data folder for this process until `release`.
   * @throws AlreadyRunning if a running supervisor has it
   */
  claim(): void {
    const lock = join(this.#folder, SUPERVISOR);
    const own = join(this.#folder, `${SUPERVISOR}.${process.pid}`);
    writeFileSync(own, JSON.stringify(recordOf(process.pid)), { mode: 0o600 });
    try {
      // A hard link is atomic, and the linked file is complete.
      while (!linked(own, lock)) this.#dropDeadLock(lock);
      this.#isHeld = true;
    } finally {
      rmSync(own, { force: true });
    }
  }

  #dropDeadLock(lock: string): void {
    this.#refuseIfHeld(lock);
    const aside = `${lock}.${process.pid}.old`;
    try {
      renameSync(lock, aside);
    } catch {
      return;
    }
    try {
      // Checked again: another supervisor may have taken the lock before the rename.
      this.#refuseIfHeld(aside);
      rmSync(aside, { force: true });
    } catch (error) {
      renameSync(aside, lock);
      throw error;
    }
  }

  #refuseIfHeld(lock: string): void {
    const holder = readRecord(lock);
    if (holder === undefined || !isAlive(holder)) return;
    throw new AlreadyRunning(
      `A stack with process ${holder.pid} already runs over ${this.#dataDir}. ` +
        'Stop that one, or give this one a DATA_DIR and a PORT of its own.',
    );
  }

  /** Releases the lock. Does nothing if this object does not have it. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    rmSync(join(this.#folder, SUPERVISOR), { force: true });
  }

  /** Records that `name` runs as process `pid`. */
  started(name: string, pid: number): void {
    const birth = birthOf(pid);
    if (birth === undefined) return;
    writeAtomically(this.#pathOf(name), JSON.stringify({ pid, birth } satisfies RunRecord));
  }

  /** Removes the record of `name`. */
  ended(name: string): void {
    rmSync(this.#pathOf(name), { force: true });
  }

  /** Stops processes of an earlier supervisor: SIGTERM, and SIGKILL after `graceMs`. */
  async stopLeftovers(say: Say, graceMs: number = LEFTOVER_GRACE_MS): Promise<void> {
    const names = readdirSync(this.#folder)
      .filter((file) => file.endsWith('.json') && file !== SUPERVISOR)
      .map((file) => file.slice(0, -'.json'.length));
    await Promise.all(names.map((name) => this.#stopLeftover(name, say, graceMs)));
  }

  async #stopLeftover(name: string, say: Say, graceMs: number): Promise<void> {
    const record = readRecord(this.#pathOf(name));
    if (record !== undefined && isAlive(record)) {
      say(`${name}: stopping process ${record.pid}, left over from a stack that was killed`);
      await end(record, graceMs);
    }
    this.ended(name);
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function recordOf(pid: number): RunRecord {
  return { pid, birth: birthOf(pid) ?? '' };
}

function readRecord(path: string): RunRecord | undefined {
  try {
    const { pid, birth } = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunRecord>;
    return typeof pid === 'number' && typeof birth === 'string' ? { pid, birth } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(record: RunRecord): boolean {
  return birthOf(record.pid) === record.birth;
}

async function end(record: RunRecord, graceMs: number): Promise<void> {
  signalProcess(record.pid, 'SIGTERM');
  const killAt = performance.now() + graceMs;
  let killed = false;
  while (isAlive(record)) {
    if (!killed && performance.now() >= killAt) killed = signalProcess(record.pid, 'SIGKILL');
    await delay(LEFTOVER_POLL_MS);
  }
}
