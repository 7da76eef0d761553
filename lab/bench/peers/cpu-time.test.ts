import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { cpuMsOf } from './cpu-time.ts';

const BUSY_MS = 100;
/** The kernel counts in hundredths of a second, for user and system time each. */
const PRECISION_MS = 20;
const BUSY = `while (process.cpuUsage().user < ${BUSY_MS * 1_000});`;

describe('the CPU time of a family of processes', { skip: process.platform !== 'linux' }, () => {
  it('holds what children used that have ended', () => {
    const beforeMs = cpuMsOf([process.pid]);
    execFileSync(process.execPath, ['-e', BUSY]);
    assert.ok(cpuMsOf([process.pid]) - beforeMs >= BUSY_MS - PRECISION_MS);
  });

  it('holds what a child of a child uses while it runs', async (test) => {
    const script = `${BUSY} console.log('done'); process.stdin.resume();`;
    // The colon is a second command: it keeps the shell running as Node's parent.
    const shell = spawn('sh', ['-c', '"$0" -e "$1"; :', process.execPath, script]);
    test.after(() => shell.stdin.end());
    await once(shell.stdout, 'data');
    assert.ok(cpuMsOf([shell.pid as number]) >= BUSY_MS - PRECISION_MS);
  });

  it('is nothing for a process that is not there', () => {
    assert.equal(cpuMsOf([2 ** 30]), 0);
  });
});
