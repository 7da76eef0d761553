/**
 * `node deploy/make-env.ts [path]` writes docker-compose's `.env` with new secrets. It uses only Node's
 * own modules, so that it also runs in the plain `node` image.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 24 random bytes in characters that need no escape in a URL, YAML or a shell. */
const password = () => randomBytes(24).toString('base64url');

/** 96 random bytes in base64. MongoDB takes up to 1024 characters. */
const replicaKey = () => randomBytes(96).toString('base64');

/** 32 random bytes in base64: a key of AES-256. */
const encryptionKey = () => randomBytes(32).toString('base64');

/** One private JWK, named by its thumbprint (RFC 7638). */
function signingKey() {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const named = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x });
  const kid = createHash('sha256').update(named).digest('base64url');
  return { ...jwk, kid, alg: 'EdDSA', use: 'sig' };
}

/** The secrets of example.env, and how each is made. */
const SECRETS: { readonly [name: string]: () => string } = {
  POSTGRES_PASSWORD: password,
  MONGODB_ROOT_PASSWORD: password,
  MONGODB_APP_PASSWORD: password,
  MONGODB_REPLICA_KEY: replicaKey,
  ADMIN_PASSWORD: password,
  JWT_KEYS: () => `'${JSON.stringify([signingKey()])}'`,
  ENCRYPTION_KEYS: () => `'${JSON.stringify([encryptionKey()])}'`,
};

/**
 * Writes a copy of example.env with new secrets, which only its owner can read.
 *
 * @param path of the new file; an existing file is never replaced
 * @throws Error with code EEXIST if the file exists
 */
export async function makeEnv(path: string): Promise<void> {
  const example = await readFile(join(import.meta.dirname, 'example.env'), 'utf8');
  const filled = example.replace(/^(\w+)=$/gm, (line, name: string) => {
    const make = SECRETS[name];
    return make ? `${name}=${make()}` : line;
  });
  await writeFile(path, filled, { flag: 'wx', mode: 0o600 });
}

if (import.meta.main) {
  const path = process.argv[2] ?? join(import.meta.dirname, '..', '.env');
  try {
    await makeEnv(path);
    console.log(`Wrote ${path}. Keep it: the databases take their passwords at their first start.`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    console.error(`${path} is there already and was left as it is.`);
    process.exitCode = 1;
  }
}
