/**
 * `npm run rules` checks the rules and the configuration of Prometheus with its own promtool, and runs
 * the rules' tests. The tool is on PATH, in `PROMTOOL` or in our cache; else it is built, which takes
 * some minutes once.
 */
import { spawnSync } from 'node:child_process';
import { resolvePromtool } from '../../local/install/promtool.ts';
import { reasonOf } from '../../local/progress.ts';

const CHECKS = [
  ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'],
  // Its paths are those in the container.
  ['check', 'config', '--syntax-only', 'prometheus.yaml'],
  ['test', 'rules', 'rules.test.yaml'],
];

const stopped = new AbortController();
process.once('SIGINT', () => stopped.abort(new Error('stopped')));

try {
  const { path } = await resolvePromtool({
    env: process.env,
    say: (line) => console.error(line),
    signal: stopped.signal,
  });
  for (const args of CHECKS) {
    const { status } = spawnSync(path, args, { cwd: import.meta.dirname, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = 1;
}
