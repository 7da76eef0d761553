/** What one process wrote: its last lines, and a wait for a line yet to come. */

const KEPT_LINES = 400;
const SAID_LINES = 15;

export class LineWatch {
  readonly #all: string[] = [];
  /** Plain text on standard error: our own processes log in JSON. */
  readonly #errors: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();

  add(line: string, stream: 'stdout' | 'stderr'): void {
    keep(this.#all, line);
    if (stream === 'stderr' && !line.startsWith('{')) keep(this.#errors, line);
    for (const look of this.#waiting) look(line);
  }

  /**
   * Why it ended, as far as it said so: up to fifteen lines, from the error's own on where there is
   * one, as Node ends a crash with a long description of the error.
   */
  lastWords(): readonly string[] {
    const lines = this.#errors.length > 0 ? this.#errors : this.#all;
    const first = lines.findIndex((line) => /^\S*Error\b.*:/.test(line));
    return first < 0 ? lines.slice(-SAID_LINES) : lines.slice(first, first + SAID_LINES);
  }

  /** Resolves with the next line that `matches`; rejects with the reason when `signal` aborts. */
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
