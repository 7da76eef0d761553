/**
 * `npm run test:unit` and `npm run test:watch`: the tests that need no server. Options are those of
 * `node --test`; test files that are named run instead of all.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { unitTests } from './unit-tests.ts';

/** No test of these takes more than a few seconds. */
const TEST_TIMEOUT_MS = 60_000;

const given = process.argv.slice(2);
const files = given.some((argument) => argument.endsWith('.ts')) ? [] : unitTests();
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-timeout=${TEST_TIMEOUT_MS}`, ...given, ...files],
  { cwd: path.dirname(import.meta.dirname), stdio: 'inherit' },
);
process.exitCode = status ?? 1;
