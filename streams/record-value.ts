/** Reads a record's value. */

/** Strict: with replacement characters, two different broken IDs could become the same one. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value in the bytes; undefined where they are not UTF-8 or not JSON. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : (JSON.parse(utf8.decode(value)) as unknown);
  } catch {
    return undefined;
  }
}
