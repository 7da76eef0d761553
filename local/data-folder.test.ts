import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { importJWK, SignJWT } from 'jose';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { keptSecrets } from './data-folder.ts';

describe('secrets of a data folder', () => {
  it('are made once and only their owner may read them', async (t) => {
    const folder = temporaryFolder(t);
    const first = await keptSecrets(folder);
    assert.deepEqual(await keptSecrets(folder), first);
    assert.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600);
    assert.notDeepEqual(await keptSecrets(temporaryFolder(t)), first);
  });

  it('hold a key that signs', async (t) => {
    const { jwtKeys } = await keptSecrets(temporaryFolder(t));
    const [jwk] = JSON.parse(jwtKeys);
    assert.equal(jwk.alg, 'EdDSA');
    assert.match(jwk.kid, /^[\w-]{20,}$/);
    const key = await importJWK(jwk);
    await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA', kid: jwk.kid }).sign(key);
  });

  it('that are spoilt stop the start in words', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'secrets.json'), '{"adminPassword":');
    await assert.rejects(keptSecrets(folder), /secrets\.json is not what a stack writes/);
  });
});
