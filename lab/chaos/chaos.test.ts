/** `npm run chaos` as a person runs it: a short seed, whose run must keep every promise. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const SEED = '2026';

/** Longest run, with its healing, on a busy machine. */
const PATIENCE_MS = 280_000;

interface Run {
  code: number;
  output: string;
  errors: string;
}

function chaos(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: PATIENCE_MS };
    execFile(process.execPath, [MAIN, ...args], options, (error, output, errors) => {
      const code = error === null ? 0 : Number(error.code ?? Number.NaN);
      resolve({ code, output, errors });
    });
  });
}

describe('a chaos run', () => {
  test('keeps every promise, tells what it did, and leaves nothing behind', async (t) => {
    const folder = temporaryFolder(t);
    const run = await chaos(['--seed', SEED, '--seconds', '8'], { TMPDIR: folder });
    assert.equal(run.code, 0, run.output + run.errors);
    assert.match(run.output, /Seed 2026, 8 s: 40 claims by 12 players/);
    assert.match(run.output, /kill -9 [a-z0-9-]+ \(process \d+\)/);
    const accepted = Number(/claims accepted +(\d+)/.exec(run.output)?.[1]);
    assert.ok(accepted > 0, run.output);
    assert.match(run.output, /Every promise was kept/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('shows its plan without running it, the same for the same seed', async () => {
    const [first, second] = await Promise.all([
      chaos(['--seed', SEED, '--plan']),
      chaos(['--seed', SEED, '--plan']),
    ]);
    assert.equal(first.code, 0, first.errors);
    assert.match(first.output, /s {2}kill -9 mongod/);
    assert.equal(first.output, second.output);
  });

  test('says how it is used, and refuses what it does not understand', async () => {
    const help = await chaos(['--help']);
    assert.deepEqual([help.code, help.errors], [0, '']);
    assert.match(help.output, /--seconds S/);
    const wrong = await chaos(['--seed', 'x']);
    assert.deepEqual([wrong.code, wrong.output], [2, '']);
    assert.match(wrong.errors, /--seed is a whole number/);
  });
});
