/** Reading a record's value. */

/** Replaces nothing: two IDs that are not text must not become one. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON that the bytes hold; undefined where they hold none. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : (JSON.parse(utf8.decode(value)) as unknown);
  } catch {
    return undefined;
  }
}
