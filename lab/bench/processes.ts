/** Starts our own processes for a measurement, as they run in production. */
import { join, resolve } from 'node:path';
import { type Child, startChild } from '../../local/processes/child-process.ts';
import { LineWatch } from '../../local/processes/line-watch.ts';

/** The project's root folder. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** Longest start: loading the code and bundling the workflows, on a busy machine. */
const READY_MS = 120_000;

export interface ProcessSpec {
  /** Its name in the figures. */
  name: string;
  /** Its path from the root of the project. */
  file: string;
  /** A text that it prints once it is ready. */
  ready: string;
  /** Node's options, as `npm run` and the local stack give them to it. */
  nodeOptions?: string[];
  /** Settings of this process alone. */
  env?: NodeJS.ProcessEnv;
}

/** A process that is ready. */
export interface Running {
  name: string;
  child: Child;
  /** From its start to its being ready, in milliseconds. */
  startMs: number;
  stop(): Promise<void>;
}

/**
 * Starts a process, and resolves once it is ready.
 * @param profileDir each thread of it writes a CPU profile there when it is stopped
 * @throws Error with its last lines if it ends before it is ready
 */
export async function startProcess(
  { name, file, ready, nodeOptions = [] }: ProcessSpec,
  env: NodeJS.ProcessEnv,
  profileDir?: string,
): Promise<Running> {
  const startedMs = performance.now();
  const lines = new LineWatch();
  const said = lines.next((line) => line.includes(ready), AbortSignal.timeout(READY_MS));
  const profiling = profileDir ? ['--cpu-prof', '--cpu-prof-dir', join(profileDir, name)] : [];
  const child = await startChild(
    { file: process.execPath, args: [...nodeOptions, ...profiling, join(ROOT, file)], env },
    { chunk: () => {}, line: (text, stream) => lines.add(text, stream) },
  );
  const ended = child.ended.then(({ words }): never => {
    throw new Error(`${file}: ${words}\n${lines.lastWords().join('\n')}`);
  });
  // The loser of the race may reject with nobody listening.
  for (const promise of [said, ended]) promise.catch(() => {});
  await Promise.race([said, ended]);
  return {
    name,
    child,
    startMs: performance.now() - startedMs,
    async stop() {
      child.signal('SIGTERM');
      await child.ended;
    },
  };
}
