import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadedBy } from '../test/imports.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { type OwnProcess, PROCESSES_BY_FOLDER, watchCode } from './watch-code.ts';

/** What each process runs. The worker bundles the workflow code and the API the console: neither imports it. */
const STARTS: Record<OwnProcess, string[]> = {
  api: ['api/main.ts', 'console/main.tsx'],
  worker: ['worker/main.ts', 'workflows/index.ts'],
  streams: ['streams/main.ts'],
  simulator: ['local/simulator/simulator-main.ts'],
};

describe('the processes that a change of code concerns', () => {
  for (const [name, files] of Object.entries(STARTS)) {
    it(`the folders of ${name} are those that it loads`, () => {
      const loaded = files.flatMap((file) => [...loadedBy(file)]);
      const folderOf = (file: string) =>
        Object.keys(PROCESSES_BY_FOLDER).find((folder) => file.startsWith(`${folder}/`)) ?? file;
      const watched = Object.entries(PROCESSES_BY_FOLDER)
        .filter(([, names]) => names.some((each) => each === name))
        .map(([folder]) => folder);
      assert.deepEqual([...new Set(loaded.map(folderOf))].sort(), watched.sort());
    });
  }

  it('are told once for a burst of changes, and not for a test', async (t) => {
    const root = temporaryFolder(t);
    for (const folder of Object.keys(PROCESSES_BY_FOLDER)) {
      mkdirSync(join(root, folder, 'inner'), { recursive: true });
    }
    const stopping = new AbortController();
    t.after(() => stopping.abort());
    const told: OwnProcess[][] = [];
    const heard = new EventTarget();
    const onChange = (names: OwnProcess[]) => {
      told.push(names);
      heard.dispatchEvent(new Event('told'));
    };
    watchCode(root, stopping.signal, onChange, assert.ifError);
    const write = (file: string) => writeFileSync(join(root, file), '');
    const first = once(heard, 'told');
    write('store/inner/stock.test.ts');
    write('store/test-store.ts');
    write('api/inner/new.ts');
    write('worker/run.ts');
    await first;
    const second = once(heard, 'told');
    write('local/simulator/inner/new.ts');
    await second;
    assert.deepEqual(told, [['api', 'worker'], ['simulator']]);
  });
});
