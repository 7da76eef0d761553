import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseEnv } from 'node:util';
import { calculateJwkThumbprint, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { makeEnv } from './make-env.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'laurel-make-env-'));
});
after(() => rm(folder, { recursive: true }));

async function made(name: string) {
  const path = join(folder, name);
  await makeEnv(path);
  return parseEnv(await readFile(path, 'utf8'));
}

const SECRETS = [
  'POSTGRES_PASSWORD',
  'MONGODB_ROOT_PASSWORD',
  'MONGODB_APP_PASSWORD',
  'MONGODB_REPLICA_KEY',
  'ADMIN_PASSWORD',
  'JWT_KEYS',
  'ENCRYPTION_KEYS',
];

test('every secret is long, and no two made files share one', async () => {
  const [one, other] = await Promise.all([made('one.env'), made('other.env')]);
  for (const name of SECRETS) {
    assert.ok((one[name] ?? '').length >= 32, `${name} is short: ${one[name]?.length}`);
    assert.notEqual(one[name], other[name], name);
  }
  assert.equal(new Set(SECRETS.map((name) => one[name])).size, SECRETS.length);
});

test('passwords need no escape in a URL', async () => {
  const env = await made('url.env');
  for (const name of SECRETS.filter((secret) => secret.endsWith('PASSWORD'))) {
    assert.match(env[name] ?? '', /^[\w-]+$/, name);
  }
});

test("MongoDB's key is 6 to 1024 characters of base64", async () => {
  const { MONGODB_REPLICA_KEY } = await made('key.env');
  assert.match(MONGODB_REPLICA_KEY ?? '', /^[A-Za-z0-9+/]{6,1024}$/);
});

test('the signing key signs, is verified by its public part, and is named by its thumbprint', async () => {
  const { JWT_KEYS } = await made('jwt.env');
  const [key, ...more] = JSON.parse(JWT_KEYS ?? '') as JWK[];
  assert.ok(key);
  assert.deepEqual(more, []);
  assert.equal(key.alg, 'EdDSA');
  assert.equal(key.kid, await calculateJwkThumbprint(key));
  const { d: _, ...publicPart } = key;
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(await importJWK(key));
  await jwtVerify(token, await importJWK(publicPart));
});

test('the file is for its owner only', async () => {
  await made('mode.env');
  assert.equal((await stat(join(folder, 'mode.env'))).mode & 0o777, 0o600);
});

test('a file that is there already is left as it is', async () => {
  const path = join(folder, 'kept.env');
  await writeFile(path, 'POSTGRES_PASSWORD=mine\n');
  await assert.rejects(makeEnv(path), { code: 'EEXIST' });
  assert.equal(await readFile(path, 'utf8'), 'POSTGRES_PASSWORD=mine\n');
});
