/**
 * Which processes work on a data folder, written down so that the next supervisor knows: one that
 * was killed cannot stop its servers, and no database may be opened twice.
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

/** How long a leftover may take to end by itself before it is killed, in milliseconds. */
const LEFTOVER_GRACE_MS = 8_000;
const LEFTOVER_POLL_MS = 50;

/** Another supervisor works on the same data folder. */
export class AlreadyRunning extends Error {}

export class RunRecords {
  readonly #folder: string;
  readonly #dataDir: string;
  #isHeld = false;

  /** Whether the data folder is this one's: from `claim` to `release`. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, 'run');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Takes the data folder for this process until `release`.
   * @throws AlreadyRunning if a supervisor that lives has it
   */
  claim(): void {
    const lock = join(this.#folder, SUPERVISOR);
    const own = join(this.#folder, `${SUPERVISOR}.${process.pid}`);
    writeFileSync(own, JSON.stringify(recordOf(process.pid)), { mode: 0o600 });
    try {
      // A link is made or refused in one step, and never shows a file half written.
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
      // Again: between the look and the move another starter may have taken it.
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

  /** Gives the data folder back; nothing if this never had it. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    rmSync(join(this.#folder, SUPERVISOR), { force: true });
  }

  /** Writes down that `name` runs as process `pid`. */
  started(name: string, pid: number): void {
    const birth = birthOf(pid);
    if (birth === undefined) return;
    writeAtomically(this.#pathOf(name), JSON.stringify({ pid, birth } satisfies RunRecord));
  }

  ended(name: string): void {
    rmSync(this.#pathOf(name), { force: true });
  }

  /** Stops what an earlier supervisor left running: SIGTERM, and SIGKILL after eight seconds. */
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
