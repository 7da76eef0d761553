import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { createHttpProvider } from '../../providers/http.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const asked = {
  grantId: 'clm_1a:cape',
  claimId: 'clm_1a',
  userId: 'usr_1',
  eventId: 'evt_1',
  reward: { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1 },
} as const;

function launch(test: TestContext, env: Record<string, string>): ChildProcess {
  const main = path.join(import.meta.dirname, 'simulator-main.ts');
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  test.after(() => child.kill('SIGKILL'));
  return child;
}

async function listening(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = /^simulator listening on (http:\S+)$/.exec(line)?.[1];
  assert.ok(url, line);
  return url;
}

describe('the simulator as a process', () => {
  it('keeps its grants when it is killed, and stops when it is told to', async (test) => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'simulator-'));
    test.after(() => fs.rmSync(dir, { recursive: true }));
    const provider = (baseUrl: string) =>
      createHttpProvider({ name: 'game', baseUrl, secret: SECRET, timeoutMs: 5_000 });

    const first = launch(test, { SECRET, DATA_DIR: dir, PORT: '' });
    assert.deepEqual(await provider(await listening(first)).grant(asked), { state: 'GRANTED' });
    first.kill('SIGKILL');
    await once(first, 'exit');

    const second = launch(test, { SECRET, DATA_DIR: dir });
    const url = await listening(second);
    assert.deepEqual(await provider(url).lookup(asked.grantId), { state: 'GRANTED' });
    second.kill('SIGTERM');
    assert.deepEqual(await once(second, 'exit'), [0, null]);
  });

  it('does not start without a secret', async (test) => {
    const child = launch(test, {});
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });
});
