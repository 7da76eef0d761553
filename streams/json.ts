/** Reading a record's value. */

/** The JSON that the bytes hold; undefined where they hold none. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : (JSON.parse(value.toString('utf8')) as unknown);
  } catch {
    return undefined;
  }
}
