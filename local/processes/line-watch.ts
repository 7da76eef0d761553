/** The output of one process: keeps its last lines, and waits for a line. */

/** Lines kept in memory. */
const KEPT_LINES = 400;
/** Most lines of an explanation. */
const SHOWN_LINES = 15;

/** The lines of one process. */
export class LineWatch {
  readonly #all: string[] = [];
  /** Lines on standard error that are not JSON, so not logs of our own processes. */
  readonly #errors: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();

  add(line: string, stream: 'stdout' | 'stderr'): void {
    keep(this.#all, line);
    if (stream === 'stderr' && !line.startsWith('{')) keep(this.#errors, line);
    for (const look of this.#waiting) look(line);
  }

  /**
   * Why the process ended, from its output: up to fifteen lines. They begin with the error's first
   * line, as Node prints a long description after it.
   */
  lastWords(): readonly string[] {
    const lines = this.#errors.length > 0 ? this.#errors : this.#all;
    const first = lines.findIndex((line) => /^\S*Error\b.*:/.test(line));
    return first < 0 ? lines.slice(-SHOWN_LINES) : lines.slice(first, first + SHOWN_LINES);
  }

  /** Resolves with the next line that matches. Rejects with the reason of `signal` when it aborts. */
  async next(matches: (line: string) => boolean, signal: AbortSignal): Promise<string> {
    return await new Promise((resolve, reject) => {
      const look = (line: string): void => {
        if (!matches(line)) return;
        this.#waiting.delete(look);
        resolve(line);
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', () => {
        this.#waiting.delete(look);
        reject(signal.reason);
      });
    });
  }
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}
