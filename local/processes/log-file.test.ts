import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { LogFile } from './log-file.ts';

it('a log never takes more than two files of its limit', (t) => {
  const folder = temporaryFolder(t);
  const log = new LogFile(join(folder, 'logs', 'api.log'), 100);
  for (let i = 0; i < 100; i++) log.write(Buffer.from(`line ${i}\n`));
  log.close();
  const files = readdirSync(join(folder, 'logs'));
  assert.deepEqual(files, ['api.log', 'api.log.1']);
  const kept = files.map((file) => readFileSync(join(folder, 'logs', file), 'utf8'));
  for (const text of kept) assert.ok(text.length <= 110);
  assert.match(kept[0] ?? '', /line 99\n$/);
});

it('a log goes on where the last run left it', (t) => {
  const path = join(temporaryFolder(t), 'api.log');
  for (const text of ['one\n', 'two\n']) {
    const log = new LogFile(path);
    log.write(Buffer.from(text));
    log.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
});
