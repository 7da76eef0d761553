/** Runs a program that downloads something, with timeouts and progress messages. */
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Say, withHeartbeat } from '../progress.ts';

/** What every download gets. */
export interface FetchContext {
  /** An empty folder to work in. The caller removes it. */
  folder: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
}

export interface Limits {
  /** Longest time without a new byte on disk, in milliseconds. */
  stallMs: number;
  /** Longest time in all, in milliseconds. */
  totalMs: number;
}

export interface Fetching {
  /** What is downloaded and from where, for the progress. */
  what: string;
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Where it writes. The size of this folder is the progress. */
  folder: string;
  limits: Limits;
  say: Say;
  signal: AbortSignal;
  heartbeatMs?: number;
  /** Finds the reason of a failure in standard output, for programs that print it there. */
  reasonIn?: (output: string) => string | undefined;
}

/** Pause between two looks at the folder's size. */
const LOOK_EVERY_MS = 500;
/** Most output that is kept. */
const MAX_OUTPUT_CHARS = 64 * 1024;
/** Longest reason in an error's message. */
const MAX_REASON_CHARS = 400;

/**
 * Runs the program, and resolves with its standard output once it has succeeded.
 * @throws Error with the program's own reason, or with the limit that it exceeded
 */
export async function runFetching(fetching: Fetching): Promise<string> {
  const { what, folder, say, limits } = fetching;
  const stall = watchGrowth(folder, limits);
  const signal = AbortSignal.any([fetching.signal, stall.signal]);
  try {
    return await withHeartbeat(
      say,
      async (elapsedS) => `${what}: ${megabytes(await sizeOf(folder))} so far, ${elapsedS} s`,
      runToEnd(fetching, signal),
      fetching.heartbeatMs,
    );
  } finally {
    stall.stop();
  }
}

async function runToEnd(
  { file, args, env, reasonIn }: Fetching,
  signal: AbortSignal,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = () => child.kill('SIGKILL');
    if (signal.aborted) kill();
    signal.addEventListener('abort', kill, { once: true });
    let output = '';
    let errors = '';
    child.stdout.on('data', (text) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    });
    child.stderr.on('data', (text) => {
      errors = (errors + text).slice(-MAX_OUTPUT_CHARS);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', kill);
      if (signal.aborted) return reject(signal.reason);
      if (code === 0) return resolve(output);
      const reason = reasonIn?.(output)?.slice(0, MAX_REASON_CHARS) ?? lastWords(errors);
      reject(new Error(reason ?? `it exited with code ${code}`));
    });
  });
}

/** The reason of a failure in standard error: the last row that is marked as an error, as pip prints it. */
function lastWords(errors: string): string | undefined {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  const marked = lines.filter((line) => /^error\b/i.test(line));
  const error = (marked.at(-1) ?? lines.at(-1))?.replace(/^error:?\s*/i, '');
  // If pip cannot reach the index, it prints the cause in a warning and only then a vague error.
  const broken = /connection broken by '(.*)': /.exec(errors)?.[1];
  return (broken === undefined ? error : `${error} (${broken})`)?.slice(0, MAX_REASON_CHARS);
}

function watchGrowth(folder: string, limits: Limits): { signal: AbortSignal; stop(): void } {
  const given = new AbortController();
  const startedAt = performance.now();
  let grewAt = startedAt;
  let size = 0;
  let isLooking = false;
  const look = setInterval(async () => {
    const now = performance.now();
    // Where there are many files, a look takes longer than the pause.
    if (isLooking) return;
    isLooking = true;
    const seen = await sizeOf(folder);
    isLooking = false;
    if (seen !== size) grewAt = now;
    size = seen;
    if (now - grewAt > limits.stallMs) give(`no progress for ${limits.stallMs / 1_000} s`);
    if (now - startedAt > limits.totalMs) give(`not done after ${limits.totalMs / 1_000} s`);
  }, LOOK_EVERY_MS);
  const give = (why: string) => given.abort(new Error(why));
  return { signal: given.signal, stop: () => clearInterval(look) };
}

/** The bytes of all files in a folder. Files that vanish meanwhile do not count. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  const settled = await Promise.allSettled(sizes);
  return settled.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
