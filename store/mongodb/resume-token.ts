/** Reads what a change stream's resume token says of time. */

/**
 * A token's data, in hexadecimal digits: the type of a timestamp (`82`), then the seconds since the
 * epoch, as MongoDB's `KeyString` writes them. The rest names the change.
 */
const TIMESTAMP = /^82([0-9a-f]{8})/i;

/**
 * The cluster time up to which a change stream has seen all changes, to the second. A quiet stream
 * moves on with every answer, so this is not only the time of a change.
 * @param token a resume token
 * @returns null for what is no token, or a token of another form
 */
export function timeOfToken(token: unknown): Date | null {
  const data = (token as { _data?: unknown } | null | undefined)?._data;
  const seconds = typeof data === 'string' ? TIMESTAMP.exec(data)?.[1] : undefined;
  return seconds === undefined ? null : new Date(Number.parseInt(seconds, 16) * 1_000);
}
