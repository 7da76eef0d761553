/** Secrets that we make: random, and kept as their hash alone. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 bits, random: they need no slow hash and no salt. */
const SECRET_BYTES = 32;

/** A new secret, as 43 characters of base64url. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What is kept of a secret: its SHA-256, as base64url. */
export const hashOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');
