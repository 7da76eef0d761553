import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { grantIn, post, remove, start, stop } from './test-game.ts';

describe('the ledger of a game', () => {
  it('outlives the process, and a grant asked for again is not given again', async (test) => {
    const dir = temporaryFolder(test);
    const first = await start({ dir });
    first.rules.add({ do: 'refuse', userId: 'usr_b' });
    for (const claim of ['a', 'b', 'c']) await post(first, claim);
    await remove(first, 'c');
    await remove(first, 'd');
    const before = first.ledger();
    await stop(first);

    const second = await start({ dir });
    assert.deepEqual(second.ledger(), before);
    const statuses = [];
    for (const claim of ['a', 'b', 'c', 'd']) statuses.push((await post(second, claim)).status);
    assert.deepEqual(statuses, [200, 403, 410, 410]);
    assert.equal(grantIn(second)?.applied, 1);
  });

  it('brings pending grants to their end after a restart', async (test) => {
    // A clock that stands still: at the restart the grant still has its whole wait.
    const startedMs = Date.now();
    const options = { dir: temporaryFolder(test), now: () => startedMs };
    const first = await start(options);
    first.rules.add({ do: 'pending', settleAfterMs: 500 });
    await post(first);
    await stop(first);
    const second = await start(options);
    assert.equal(grantIn(second)?.state, 'PENDING');
    await second.waitFor(() => grantIn(second)?.state === 'GRANTED');
  });

  it('opens although the process was killed in the middle of a line', async (test) => {
    const dir = temporaryFolder(test);
    const first = await start({ dir });
    await post(first, 'a');
    await stop(first);
    fs.appendFileSync(path.join(dir, 'grants.jsonl'), '{"grantId":"clm_b:ca');

    const second = await start({ dir });
    assert.equal(grantIn(second, 'b'), undefined);
    await post(second, 'b');
    await stop(second);
    const third = await start({ dir });
    assert.deepEqual(
      third.ledger().map(({ applied }) => applied),
      [1, 1],
    );
  });
});
