/** Processes of ours for a measurement, as they run in production. */
import { join, resolve } from 'node:path';
import { type Child, startChild } from '../../local/processes/child-process.ts';
import { LineWatch } from '../../local/processes/line-watch.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Loading the code and bundling the workflows, on a machine that does much else. */
const READY_MS = 120_000;

export interface ProcessSpec {
  /** What it is shown as. */
  name: string;
  /** From the root of the project. */
  file: string;
  /** What it says once it works. */
  ready: string;
}

export interface Running {
  name: string;
  child: Child;
  stop(): Promise<void>;
}

/**
 * Starts a process; resolves once it said that it works. With `profileDir` each of its threads
 * leaves a CPU profile of its whole life there when it is stopped.
 * @throws Error with its last words if it ends before
 */
export async function startProcess(
  { name, file, ready }: ProcessSpec,
  env: NodeJS.ProcessEnv,
  profileDir?: string,
): Promise<Running> {
  const lines = new LineWatch();
  const said = lines.next((line) => line.includes(ready), AbortSignal.timeout(READY_MS));
  const profiling = profileDir ? ['--cpu-prof', '--cpu-prof-dir', join(profileDir, name)] : [];
  const child = await startChild(
    { file: process.execPath, args: [...profiling, join(ROOT, file)], env },
    { chunk: () => {}, line: (text, stream) => lines.add(text, stream) },
  );
  const ended = child.ended.then(({ words }): never => {
    throw new Error(`${file}: ${words}\n${lines.lastWords().join('\n')}`);
  });
  // Whichever comes second has no reader.
  for (const promise of [said, ended]) promise.catch(() => {});
  await Promise.race([said, ended]);
  return {
    name,
    child,
    async stop() {
      child.signal('SIGTERM');
      await child.ended;
    },
  };
}
