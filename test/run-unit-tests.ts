/**
 * `npm run test:unit` and `npm run test:watch`: the tests that need no server. Options are those of
 * `node --test`; test files that are named run instead of all.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { unitTests } from './unit-tests.ts';

/** No test of these takes more than a few seconds. */
const TEST_TIMEOUT_MS = 60_000;

/** Test files at once. Half of them wait for a timer or a child process, so more than there are CPUs. */
const AT_ONCE = 2 * availableParallelism();

const ROOT = path.dirname(import.meta.dirname);

const given = process.argv.slice(2);
const files = given.some((argument) => argument.endsWith('.ts')) ? [] : unitTests();
const options = [`--test-timeout=${TEST_TIMEOUT_MS}`, `--test-concurrency=${AT_ONCE}`];
const { status } = spawnSync(process.execPath, ['--test', ...options, ...given, ...files], {
  cwd: ROOT,
  // Each file is a process of its own: what it loads is compiled once, not once a process.
  env: { NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules/.cache/unit-tests'), ...process.env },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
