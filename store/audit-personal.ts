/**
 * Personal data in audit entries. It is kept beside the fields that the chain's hash covers; the
 * hash covers only a salted digest of it. So it can be erased and the chain stays whole. Without
 * the salt nobody can find an erased text by trying likely ones.
 */
import { createHash, randomBytes } from 'node:crypto';

/** Personal data of one user in a change, to be merged into the entry when it is read. */
export interface PersonalFields {
  /** Whose data it is. */
  of: string;
  /** As in the entry: plain JSON, with only the personal fields in it. */
  fields: { before?: object; after?: object; from?: string };
}

/** Personal data as an entry keeps it. */
export interface PersonalPart {
  of: string;
  /** SHA-256 over salt and text, in hexadecimal. Never changes, as the entry's hash covers it. */
  digest: string;
  /** In hexadecimal; absent once erased. */
  salt?: string;
  /** The fields as JSON; absent once erased. */
  text?: string;
  /** The entry that records the erasure. */
  erasedBy?: number;
}

/** 128 bits: more than anybody can try. */
const SALT_BYTES = 16;

/** The part as a new entry keeps it. */
export function personalPart({ of, fields }: PersonalFields): PersonalPart {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  const text = JSON.stringify(fields);
  return { of, digest: digestOf(salt, text), salt, text };
}

/** What the entry's hash covers of its parts. */
export function covered(parts: readonly PersonalPart[]): string {
  return JSON.stringify(parts.map(({ of, digest }) => [of, digest]));
}

/** Whether the part is as it was written, or is erased. Who erased it is checked elsewhere. */
export function isIntact({ digest, salt, text, erasedBy }: PersonalPart): boolean {
  if (text === undefined || salt === undefined) return text === salt && erasedBy !== undefined;
  return digest === digestOf(salt, text);
}

/** The value with the fields of a part merged in. Objects are merged, all else is replaced. */
export function merged(value: unknown, fields: unknown): unknown {
  if (fields === undefined) return value;
  if (!isObject(value) || !isObject(fields)) return fields;
  const both = Object.entries(fields).map(([name, field]) => [name, merged(value[name], field)]);
  return { ...value, ...Object.fromEntries(both) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function digestOf(salt: string, text: string): string {
  return createHash('sha256').update(`${salt}\n${text}`).digest('hex');
}
