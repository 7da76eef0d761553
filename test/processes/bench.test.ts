/** The benchmark runs: how fast anything is, no test says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';

const MAIN = join(resolve(import.meta.dirname, '../..'), 'lab/bench/main.ts');

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function bench(...args: string[]): Promise<Ran> {
  return await new Promise((done) => {
    const options = { timeout: 240_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

interface Measured {
  machine: { cores: number };
  parts: Record<
    string,
    {
      rows: { name: string; median: number; values: number[] }[];
      checks: { values: number[]; reach: string; isKept: boolean }[];
    }
  >;
}

describe('the benchmark', () => {
  it('measures both sides of a comparison and answers one line of JSON', async () => {
    const { code, stdout, stderr } = await bench('refuse', 'reserve', '--short', '--json');
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, 1);
    const { machine, parts } = JSON.parse(stdout) as Measured;
    assert.ok(machine.cores > 0);
    assert.deepEqual(Object.keys(parts), ['refuse', 'reserve']);
    for (const [name, { rows, checks }] of Object.entries(parts)) {
      assert.ok(rows.length >= 2, `${name} has its side and a yardstick's`);
      for (const row of rows) assert.ok(row.median > 0, `${name}: ${row.name}: ${row.median}`);
      for (const { values } of checks) assert.ok(Number(values[0]) > 0, `${name}: ${values}`);
      assert.ok(checks.length > 0, `${name} says what was to be reached`);
    }
    assert.match(stderr, /round 1 of 1: /, 'progress is told while it runs');
  });

  it('lists its parts where it is not told which', async () => {
    const { code, stderr } = await bench('nonsense');
    assert.equal(code, 2);
    for (const part of [
      'claims',
      'reserve',
      'refuse',
      'status',
      'flash',
      'fair',
      'slow',
      'latency',
    ]) {
      assert.match(stderr, new RegExp(`^ {2}${part} `, 'm'));
    }
  });
});
