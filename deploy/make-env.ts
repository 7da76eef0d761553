/**
 * `node deploy/make-env.ts [path]` writes docker-compose's `.env` with fresh secrets. It needs
 * nothing but Node, so that it also runs in the bare `node` image on a host without Node.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 24 random bytes, in letters that need no escape in a URL, in YAML or in a shell. */
const password = () => randomBytes(24).toString('base64url');

/** MongoDB's manual has 756 bytes, the most its 1024 characters hold; 96 are more than enough. */
const replicaKey = () => randomBytes(96).toString('base64');

/** One private JWK, named by its thumbprint (RFC 7638). */
function signingKey() {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const named = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x });
  const kid = createHash('sha256').update(named).digest('base64url');
  return { ...jwk, kid, alg: 'EdDSA', use: 'sig' };
}

/** Every secret of example.env, and how a new one is made. */
const SECRETS: { readonly [name: string]: () => string } = {
  POSTGRES_PASSWORD: password,
  MONGODB_ROOT_PASSWORD: password,
  MONGODB_APP_PASSWORD: password,
  MONGODB_REPLICA_KEY: replicaKey,
  ADMIN_PASSWORD: password,
  JWT_KEYS: () => `'${JSON.stringify([signingKey()])}'`,
};

/**
 * Writes a copy of example.env with new secrets, readable by its owner only.
 *
 * @param path where to; a file that is there already is never replaced
 * @throws Error with code EEXIST where it is
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
