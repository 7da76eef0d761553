import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { type Fetching, runFetching } from './fetch-program.ts';

function fetching(t: TestContext, script: string, more: Partial<Fetching> = {}): Fetching {
  return {
    what: 'fetching a thing',
    file: 'sh',
    args: ['-c', script],
    env: process.env,
    folder: temporaryFolder(t),
    limits: { stallMs: 60_000, totalMs: 60_000 },
    say: () => {},
    signal: new AbortController().signal,
    ...more,
  };
}

describe('a program that fetches something', () => {
  it('is given up when nothing more arrives', async (t) => {
    const limits = { stallMs: 700, totalMs: 60_000 };
    await assert.rejects(runFetching(fetching(t, 'exec sleep 60', { limits })), /no progress/);
  });

  it('may take its time as long as something arrives, up to a limit', async (t) => {
    const folder = temporaryFolder(t);
    const script = `while :; do echo more >> ${folder}/file; sleep 0.1; done`;
    const limits = { stallMs: 1_000, totalMs: 2_500 };
    const startedAt = performance.now();
    await assert.rejects(runFetching(fetching(t, script, { folder, limits })), /not done after/);
    assert.ok(performance.now() - startedAt > 2_000);
  });

  it('is never silent: how much arrived is said again and again', async (t) => {
    const folder = temporaryFolder(t);
    const said: string[] = [];
    const script = `head -c 2097152 /dev/zero > ${folder}/file; sleep 1`;
    const say = (line: string) => void said.push(line);
    await runFetching(fetching(t, script, { folder, say, heartbeatMs: 200 }));
    assert.ok(said.length >= 2);
    assert.match(said.at(-1) ?? '', /^fetching a thing: 2\.0 MB so far, \d s$/);
  });

  it('that is refused gives its reason at once', async (t) => {
    const pip = `echo "WARNING: Retrying after connection broken by 'NewConnectionError(refused)': /x" >&2
      echo 'ERROR: No matching distribution found' >&2; echo 'try again' >&2; exit 1`;
    await assert.rejects(
      runFetching(fetching(t, pip)),
      /^Error: No matching distribution found \(NewConnectionError\(refused\)\)$/,
    );
  });

  it('that is missing is said to be missing', async (t) => {
    await assert.rejects(runFetching(fetching(t, '', { file: '/no/such/pip' })), /ENOENT/);
  });

  it('ends when the start is called off', async (t) => {
    const signal = AbortSignal.timeout(200);
    await assert.rejects(runFetching(fetching(t, 'exec sleep 60', { signal })), /timeout/);
  });
});
