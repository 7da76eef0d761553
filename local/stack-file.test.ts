import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { readStackFile, type StackFile, stackFilePath, writeStackFile } from './stack-file.ts';

describe('stack.json', () => {
  const stack = (pid: number): StackFile => ({
    supervisor: { pid },
    api: { pid, url: 'http://127.0.0.1:3000', metricsUrl: 'http://127.0.0.1:9464/metrics' },
    worker: { pid, metricsUrl: 'http://127.0.0.1:9465/metrics' },
    mongod: { uri: 'mongodb://db/laurel' },
    temporal: { address: '127.0.0.1:7233' },
    admin: { username: 'admin', password: 'x'.repeat(100_000) },
  });

  it('is replaced whole: who has it open goes on reading the old one', (t) => {
    const folder = temporaryFolder(t);
    writeStackFile(folder, stack(1));
    const before = statSync(stackFilePath(folder)).ino;
    writeStackFile(folder, stack(2));
    assert.notEqual(statSync(stackFilePath(folder)).ino, before);
    assert.equal(readStackFile(folder)?.api.pid, 2);
    assert.deepEqual(readdirSync(folder), ['stack.json']);
    assert.equal(statSync(stackFilePath(folder)).mode & 0o777, 0o600);
  });

  it('that is not there is no stack', (t) => {
    assert.equal(readStackFile(temporaryFolder(t)), undefined);
  });
});
