/** Runs one program that fetches something, and never lets it hang or be silent. */
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Say, withHeartbeat } from '../progress.ts';

export interface FetchContext {
  /** An empty folder to work in, removed afterwards. */
  folder: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
}

export interface Limits {
  /** Given up after so long without a byte more on disk. */
  stallMs: number;
  /** Given up after so long in any case. */
  totalMs: number;
}

export interface Fetching {
  /** What is fetched and from where, for the progress lines. */
  what: string;
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Where it writes; the growth of this folder is its progress. */
  folder: string;
  limits: Limits;
  say: Say;
  signal: AbortSignal;
  heartbeatMs?: number;
  /** Finds why it failed in what it wrote to standard output, for a program that says it there. */
  reasonIn?: (output: string) => string | undefined;
}

const LOOK_EVERY_MS = 500;
const MAX_OUTPUT_CHARS = 64 * 1024;
const MAX_REASON_CHARS = 400;

/**
 * Resolves with what the program wrote to its standard output once it succeeded.
 * @throws Error with the program's own reason, or that it made no progress
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

/** pip and the like end with the reason, marked as an error, among warnings and tracebacks. */
function lastWords(errors: string): string | undefined {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  const marked = lines.filter((line) => /^error\b/i.test(line));
  const error = (marked.at(-1) ?? lines.at(-1))?.replace(/^error:?\s*/i, '');
  // pip says "no matching distribution" of an index that it could not reach, and why only before.
  const broken = /connection broken by '(.*)': /.exec(errors)?.[1];
  return (broken === undefined ? error : `${error} (${broken})`)?.slice(0, MAX_REASON_CHARS);
}

function watchGrowth(folder: string, limits: Limits): { signal: AbortSignal; stop(): void } {
  const given = new AbortController();
  const startedAt = performance.now();
  let grewAt = startedAt;
  let size = 0;
  const look = setInterval(async () => {
    const now = performance.now();
    const seen = await sizeOf(folder);
    if (seen !== size) grewAt = now;
    size = seen;
    if (now - grewAt > limits.stallMs) give(`no progress for ${limits.stallMs / 1_000} s`);
    if (now - startedAt > limits.totalMs) give(`not done after ${limits.totalMs / 1_000} s`);
  }, LOOK_EVERY_MS);
  const give = (why: string) => given.abort(new Error(why));
  return { signal: given.signal, stop: () => clearInterval(look) };
}

/** The bytes in a folder and all below it; what vanishes meanwhile counts as nothing. */
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
