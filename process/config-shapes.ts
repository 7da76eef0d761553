/** Shapes of settings that are more than a number. A value that cannot work is refused at the start. */
import { createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';

/** A MongoDB address. It must name its database, which stands between the hosts and the options. */
export const mongodbUri = z
  .string()
  .regex(
    /^mongodb(\+srv)?:\/\/[^/]/,
    'starts with mongodb:// or mongodb+srv://, then come the hosts',
  )
  .regex(
    /^[^/]*\/\/[^/]+\/[^/\\. "$*<>:|?@]{1,63}(\?|$)/,
    'names no database: put its name behind the hosts, as in mongodb://host:27017/laurel?replicaSet=rs0',
  );

/** `host:port`, with an IPv6 address in brackets; the port may be left out. */
export const hostAndPort = z.string().refine((text) => {
  const match = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}, 'a host and a port, as in temporal.example:7233, with nothing before or behind');

/** What a server can listen on: an address or a name of this machine. */
export const listenHost = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || /^[a-z0-9][a-z0-9._-]*$/i.test(text),
    'an address or a host name alone, as in 0.0.0.0 or ::',
  );

/** PEM text, or the path of a file that holds it. The value may be a secret: no message shows it. */
export const pem = z.string().transform((value, context) => {
  const refuse = (why: string) => context.addIssue({ code: 'custom', message: why });
  if (value.includes('-----BEGIN')) return value;
  try {
    const text = readFileSync(value, 'utf8');
    if (!text.includes('-----BEGIN')) refuse('the file it names holds no PEM (-----BEGIN …)');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    refuse(`neither PEM text (-----BEGIN …) nor the path of a file that can be read (${code})`);
  }
  return value;
});

/** A file to write. The file may be missing; its folder must exist. */
export const fileToWrite = z.string().refine((path) => {
  try {
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}, 'the folder of this file is not there, or nothing may be written to it');

/** A URL that paths are appended to. */
export const baseUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.parse(text);
  // Then it is refused as no URL already.
  if (url === null) return true;
  const { username, password, search, hash } = url;
  return username + password + search + hash === '' && !/[?#]/.test(text);
}, 'a URL without user, query and fragment, as paths are appended to it');

const point = z.string().regex(/^[A-Za-z0-9_-]+$/, 'base64url');
const shared = { kid: z.string().min(1).exactOptional(), x: point, d: point };

/** A private key that signs access tokens. No message shows any part of it. */
const privateJwk = z
  .union(
    [
      z.looseObject({ ...shared, kty: z.literal('OKP'), crv: z.literal('Ed25519') }),
      z.looseObject({ ...shared, kty: z.literal('EC'), crv: z.literal('P-256'), y: point }),
    ],
    'a private JWK of Ed25519 (kty, crv, x, d) or P-256 (kty, crv, x, y, d)',
  )
  .refine(isWhole, 'the private and the public part of this key do not belong together');

/** Whether the public part of the key verifies what the private part signs. */
function isWhole(given: { d: string; kty: string }): boolean {
  const { d: _, ...open } = given;
  const digest = open.kty === 'EC' ? 'sha256' : null;
  const data = Buffer.from('a key that fits');
  try {
    const key = createPrivateKey({ key: given as JsonWebKey, format: 'jwk' });
    const own = createPublicKey({ key: open as JsonWebKey, format: 'jwk' });
    return verify(digest, data, own, sign(digest, data, key));
  } catch {
    return false;
  }
}

/** In bytes: AES-256. */
const ENCRYPTION_KEY_BYTES = 32;

/** Keys for secrets in the database: the first seals, all open. No message shows any part of one. */
export const encryptionKeys = z.array(
  z
    .string()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine(
      (key) => key.length === ENCRYPTION_KEY_BYTES,
      `a key of ${ENCRYPTION_KEY_BYTES} bytes in base64`,
    ),
);

/** The first key signs, all keys verify. Tokens name their key by `kid`, so no two keys share one. */
export const jwtKeys = z
  .array(privateJwk)
  .min(1)
  .superRefine((keys, context) => {
    for (const [n, key] of keys.entries()) {
      const twin = keys.findIndex((other) => nameOfKey(other) === nameOfKey(key));
      if (twin === n) continue;
      const what = key.kid === undefined ? 'are the same key' : `have the kid "${key.kid}"`;
      const message = `keys ${twin + 1} and ${n + 1} ${what}: give each its own, or leave one out`;
      context.addIssue({ code: 'custom', message });
    }
  });

interface Named {
  name: string;
  issuer: string;
}

/** A key without a `kid` is named by the thumbprint of its public part. */
const nameOfKey = ({ kid, x }: { kid?: string; x: string }) => kid ?? `thumbprint ${x}`;

/** Two providers of one name would share their users. */
function refuseTwoOfOneName(
  { STAFF_OIDC, TRUSTED_ISSUERS }: Record<string, unknown>,
  refuse: (name: string, message: string) => void,
): void {
  const staff = STAFF_OIDC as Named | undefined;
  const others = (TRUSTED_ISSUERS ?? []) as Named[];
  const same = others.find(({ name, issuer }) => name === staff?.name && issuer !== staff.issuer);
  if (same) refuse('STAFF_OIDC', `has the name of another issuer, "${same.name}"`);
}

/** Refuses values that are fine alone and contradict each other. */
export function refuseContradictions(
  config: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const refuse = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  const { TEMPORAL_TLS_CERT: cert, TEMPORAL_TLS_KEY: key, PORT, METRICS_PORT } = config;
  if (cert !== undefined && key === undefined) {
    refuse('TEMPORAL_TLS_KEY', 'is not set, and TEMPORAL_TLS_CERT is: give both or neither');
  }
  if (key !== undefined && cert === undefined) {
    refuse('TEMPORAL_TLS_CERT', 'is not set, and TEMPORAL_TLS_KEY is: give both or neither');
  }
  if (METRICS_PORT !== undefined && METRICS_PORT === PORT && PORT !== 0) {
    refuse('METRICS_PORT', 'is also PORT: give it another, or leave it out');
  }
  refuseTwoOfOneName(config, refuse);
}
