/** What one process wrote: its last lines, and a wait for a line yet to come. */

const TAIL_LINES = 15;

export class LineWatch {
  readonly #tail: string[] = [];
  readonly #errors: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();

  add(line: string, stream: 'stdout' | 'stderr'): void {
    keep(this.#tail, line);
    if (stream === 'stderr' && !line.startsWith('{')) keep(this.#errors, line);
    for (const look of this.#waiting) look(line);
  }

  /** The last fifteen lines. */
  tail(): readonly string[] {
    return this.#tail;
  }

  /** The last fifteen that went to standard error as plain text: where a crash ends, its reason. */
  errors(): readonly string[] {
    return this.#errors;
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
  if (lines.length > TAIL_LINES) lines.shift();
}
