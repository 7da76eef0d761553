/**
 * The whole number that a text says in plain decimal digits; undefined for any other text. `Number`
 * also reads `0x1`, `1e0`, ` 1`, `+1` and an empty text, which is then no longer what was compared,
 * signed or logged.
 */
export function wholeNumber(text: string): number | undefined {
  const value = /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
