/** Starts one of our processes for a test, and reads what it says. */
import path from 'node:path';
import { type Child, startChild } from '../local/processes/child-process.ts';

/**
 * Resolves once the process is ready.
 * @param name `api` or `worker`
 * @param line takes each line of its output
 * @throws Error if it ends before
 */
export async function startOwnProcess(
  name: string,
  env: NodeJS.ProcessEnv,
  line: (text: string) => void,
): Promise<Child> {
  const ready = Promise.withResolvers<void>();
  const file = path.resolve(import.meta.dirname, '..', name, 'main.ts');
  const child = await startChild(
    { file: process.execPath, args: [file], env },
    {
      chunk: () => {},
      line(text) {
        line(text);
        if (text.includes(`"msg":"${name} ready"`)) ready.resolve();
      },
    },
  );
  void child.ended.then(({ words }) => ready.reject(new Error(`${name}: ${words}`)));
  await ready.promise;
  return child;
}
