/** The files that a stack keeps in its data folder between runs: ports, versions and secrets. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { writeAtomically } from './processes/atomic-file.ts';

const port = z.number().int().min(1).max(65_535);

const serversShape = z.object({
  ports: z
    .object({
      mongod: port,
      temporal: port,
      temporalUi: port,
      simulator: port,
      kafka: port,
      kafkaController: port,
      apiMetrics: port,
      workerMetrics: port,
      streamsMetrics: port,
    })
    .partial()
    .default({}),
  /** The series of each server that made the data, such as `6.0` of mongod. */
  madeBy: z
    .object({ mongod: z.string(), temporal: z.string(), kafka: z.string() })
    .partial()
    .default({}),
});
type KeptServers = z.infer<typeof serversShape>;

const secretsShape = z.object({
  adminPassword: z.string().min(12),
  /** A JSON array with one private JWK, as `JWT_KEYS` takes it. */
  jwtKeys: z.string().min(1),
  /** `whsec_` and 32 bytes in base64, as the Standard Webhooks specification writes a secret. */
  simulatorSecret: z.string().startsWith('whsec_'),
  /** A JSON array with one key, as `ENCRYPTION_KEYS` takes it. Older data folders have none. */
  encryptionKeys: z.string().min(1).optional(),
});
export type KeptSecrets = z.infer<typeof secretsShape>;

/** Reads the kept ports and versions. Empty for a new data folder. @throws Error if the file is not valid */
export function keptServers(dataDir: string): KeptServers {
  return readKept(serversFile(dataDir), serversShape) ?? serversShape.parse({});
}

/** Keeps the ports for the next run. */
export function keepPorts(dataDir: string, ports: KeptServers['ports']): void {
  keep(dataDir, { ...keptServers(dataDir), ports });
}

/** Keeps the series of the servers that made the data, so that no incompatible server opens them. */
export function keepMadeBy(dataDir: string, madeBy: KeptServers['madeBy']): void {
  const kept = keptServers(dataDir);
  keep(dataDir, { ...kept, madeBy: { ...kept.madeBy, ...madeBy } });
}

function keep(dataDir: string, kept: KeptServers): void {
  writeAtomically(serversFile(dataDir), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** The data folder's secrets, created at the first start. @throws Error if the file is not valid */
export async function keptSecrets(dataDir: string): Promise<KeptSecrets> {
  const path = join(dataDir, 'secrets.json');
  const kept = readKept(path, secretsShape);
  if (kept !== undefined) return kept;
  const made = {
    adminPassword: randomBytes(18).toString('base64url'),
    jwtKeys: JSON.stringify([await signingKey()]),
    simulatorSecret: `whsec_${randomBytes(32).toString('base64')}`,
    encryptionKeys: JSON.stringify([randomBytes(32).toString('base64')]),
  };
  writeAtomically(path, `${JSON.stringify(made, undefined, 2)}\n`);
  return made;
}

async function signingKey(): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' };
}

function serversFile(dataDir: string): string {
  return join(dataDir, 'servers.json');
}

function readKept<T extends z.ZodType>(path: string, shape: T): z.output<T> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${path} is not what a stack writes; mend or remove it`, { cause: error });
  }
}
