/** A supervised server process: started, restarted when it dies, and stopped. */
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, type Say, withHeartbeat } from '../progress.ts';
import { type Child, type Command, type Ending, startChild } from './child-process.ts';
import { LineWatch } from './line-watch.ts';
import { LogFile } from './log-file.ts';

/**
 * Resolves once the server is ready. `lines` is its output. `signal` aborts when the answer is no
 * longer needed.
 */
export type Readiness = (context: { lines: LineWatch; signal: AbortSignal }) => Promise<void>;

export interface ServiceSpec {
  name: string;
  command: Command;
  logPath: string;
  ready: Readiness;
  /** The first start fails after this time. A restart has no such limit. */
  readyTimeoutMs: number;
  /** Time from SIGTERM to SIGKILL, in milliseconds. */
  stopTimeoutMs: number;
  /** Tries of a first start that dies (1). More if another process may take its port meanwhile. */
  attempts?: number;
}

/** Callbacks of a service. */
export interface ServiceWatcher {
  /** Takes messages for a person. */
  say: Say;
  /** A process was spawned. It may not be ready. */
  onSpawned?: (name: string, pid: number) => void;
  /** The process is ready, at the first start or after a restart. */
  onReady?: (name: string, pid: number) => void;
  onEnded?: (name: string) => void;
  onLine?: (name: string, line: string) => void;
}

/** A server did not start. The message names it, the reason, and its log. */
export class StartFailure extends Error {}

/** The process ended before it was ready. */
class Ended extends Error {}

/** Pauses before a restart, doubling. */
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5_000;
/** A process that ran this long resets the backoff. */
const STEADY_MS = 30_000;
/** Longest line of output in a message. */
const MAX_SAID_CHARS = 400;

/** One supervised server. Start it once. */
export class Service {
  readonly name: string;
  readonly #spec: ServiceSpec;
  readonly #watcher: ServiceWatcher;
  readonly #log: LogFile;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #lines = new LineWatch();
  #kept: Promise<void> | undefined;
  /** Aborted by `restart`; each run of the process has its own. */
  #restarting = new AbortController();

  constructor(spec: ServiceSpec, watcher: ServiceWatcher) {
    this.name = spec.name;
    this.#spec = spec;
    this.#watcher = watcher;
    this.#log = new LogFile(spec.logPath);
  }

  /** The process's ID. Undefined while there is no process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the server, and resolves once it is ready. From then on it is restarted when it dies.
   * @throws StartFailure if it ends, is not ready in time, or `signal` aborts; then it is stopped
   */
  async start(signal?: AbortSignal): Promise<void> {
    const attempts = this.#spec.attempts ?? 1;
    for (let attempt = 1; ; attempt++) {
      const lines = new LineWatch();
      const child = await this.#spawn(lines);
      try {
        await this.#readyInTime(child, lines, signal);
        this.#kept = this.#keep(child);
        return;
      } catch (error) {
        await this.#end(child);
        if (attempt >= attempts || !(error instanceof Ended)) throw this.#failure(error, lines);
        this.#watcher.say(`${this.name}: ${error.message} while it started; trying again`);
      }
    }
  }

  /** Stops the server for good. Resolves once its process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('it was called off'));
    if (this.#child !== undefined) await this.#end(this.#child);
    await this.#kept;
    this.#log.close();
  }

  /** Ends a process that is kept running; it is started again at once, without a backoff. */
  restart(): void {
    this.#restarting.abort();
    if (this.#child !== undefined) void this.#end(this.#child);
  }

  /** Kills the process at once. */
  kill(): void {
    this.#stopping.abort(new Error('it was called off'));
    this.#child?.signal('SIGKILL');
  }

  /** Lets this process end while the server runs, which then ends too. Not for restarted processes. */
  unref(): void {
    this.#child?.unref();
  }

  async #spawn(lines: LineWatch): Promise<Child> {
    const child = await startChild(this.#spec.command, {
      chunk: (bytes) => this.#log.write(bytes),
      line: (text, stream) => {
        lines.add(text, stream);
        this.#watcher.onLine?.(this.name, text);
      },
    }).catch((error: unknown) => {
      throw new StartFailure(`${this.name} cannot be run: ${reasonOf(error)}`);
    });
    this.#child = child;
    this.#lines = lines;
    this.#watcher.onSpawned?.(this.name, child.pid);
    void child.ended.then(() => {
      this.#child = undefined;
      this.#watcher.onEnded?.(this.name);
    });
    return child;
  }

  async #readyInTime(child: Child, lines: LineWatch, signal?: AbortSignal): Promise<void> {
    const { readyTimeoutMs } = this.#spec;
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`it was not ready after ${readyTimeoutMs / 1_000} s`)),
      readyTimeoutMs,
    );
    const limits = [late.signal, this.#stopping.signal, ...(signal === undefined ? [] : [signal])];
    try {
      await this.#untilReady(child, lines, AbortSignal.any(limits));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws Ended if the process ends first; the reason of `limit` if that aborts first */
  async #untilReady(child: Child, lines: LineWatch, limit: AbortSignal): Promise<void> {
    const over = new AbortController();
    const ended = child.ended.then(({ words }): never => {
      throw new Ended(words);
    });
    const limited = rejectionBy(limit, over.signal);
    const ready = this.#spec.ready({ lines, signal: over.signal });
    // The losers of the race may reject later with nobody listening.
    for (const loser of [ended, limited, ready]) loser.catch(() => {});
    try {
      await withHeartbeat(
        this.#watcher.say,
        (elapsedS) => `${this.name}: starting, ${elapsedS} s so far`,
        Promise.race([ready, ended, limited]),
      );
    } finally {
      over.abort();
    }
    this.#watcher.onReady?.(this.name, child.pid);
  }

  /** Restarts the server each time it dies, until it is stopped. */
  async #keep(first: Child): Promise<void> {
    const stopped = this.#stopping.signal;
    let child: Child | undefined = first;
    let deaths = 0;
    while (!stopped.aborted) {
      const bornAt = performance.now();
      const ending = await child?.ended;
      if (stopped.aborted) return;
      const restarting = this.#restarting.signal;
      if (!restarting.aborted) {
        deaths = performance.now() - bornAt > STEADY_MS ? 1 : deaths + 1;
        this.#reportDeath(ending);
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (deaths - 1), LONGEST_BACKOFF_MS);
        const signal = AbortSignal.any([stopped, restarting]);
        await delay(backoffMs, undefined, { signal }).catch(() => {});
      }
      if (!stopped.aborted) child = await this.#startAgain();
    }
    // It may have been spawned after `stop` saw no process.
    if (child !== undefined) await this.#end(child);
  }

  #reportDeath(ending: Ending | undefined): void {
    const { say } = this.#watcher;
    const why = ending?.words ?? 'it could not be run';
    // A killed process has printed no reason.
    const reasons = typeof ending?.code === 'number' ? this.#lines.lastWords() : [];
    for (const line of reasons) say(`${this.name}: ${line.slice(0, MAX_SAID_CHARS)}`);
    say(`${this.name}: ${why}; starting it again (log: ${this.#spec.logPath})`);
  }

  async #startAgain(): Promise<Child | undefined> {
    const lines = new LineWatch();
    this.#restarting = new AbortController();
    try {
      const child = await this.#spawn(lines);
      // `restart` saw no process to end while this one was spawned.
      if (this.#restarting.signal.aborted) void this.#end(child);
      // Not awaited: if it dies before it is ready, it is restarted too.
      void this.#untilReady(child, lines, this.#stopping.signal).then(
        () => this.#watcher.say(`${this.name}: is back as process ${child.pid}`),
        () => {},
      );
      return child;
    } catch (error) {
      this.#watcher.say(reasonOf(error));
      return undefined;
    }
  }

  async #end(child: Child): Promise<void> {
    child.signal('SIGTERM');
    const kill = setTimeout(() => child.signal('SIGKILL'), this.#spec.stopTimeoutMs);
    await child.ended;
    clearTimeout(kill);
  }

  #failure(error: unknown, lines: LineWatch): StartFailure {
    const words = lines.lastWords().map((line) => `    ${line.slice(0, MAX_SAID_CHARS)}`);
    const message = [
      `${this.name} did not start: ${reasonOf(error)}.`,
      `  Its log: ${this.#spec.logPath}`,
      ...(words.length === 0 ? [] : ['  It said:', ...words]),
    ];
    return new StartFailure(message.join('\n'));
  }
}

/** Rejects with the reason of `signal` when it aborts. Stops listening when `over` aborts. */
function rejectionBy(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over });
  });
}
