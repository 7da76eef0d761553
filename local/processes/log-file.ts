/** A server's log file, rotated: at most two files of `maxBytes` each. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Size at which a log is rotated. */
const MAX_BYTES = 16 * 1024 * 1024;

/** One open log. */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;
  #descriptor: number;
  #closed = false;
  #bytes: number;

  /** Opens `path` for appending, and makes its folder. The rotated file is `path.1`. */
  constructor(path: string, maxBytes: number = MAX_BYTES) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** Appends a chunk. Does nothing once closed, as output may come late. */
  write(chunk: Uint8Array): void {
    if (this.#closed) return;
    if (this.#bytes >= this.#maxBytes) this.#rotate();
    this.#bytes += writeSync(this.#descriptor, chunk);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    renameSync(this.path, `${this.path}.1`);
    this.#descriptor = openSync(this.path, 'a', 0o600);
    this.#bytes = 0;
  }
}
