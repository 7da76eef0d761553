/**
 * The whole number that a text says in plain decimal digits; undefined for any other text. `Number`
 * accepts more: `0x1`, `1e0`, ` 1`, `+1` and an empty text. The number would then differ from the
 * text that was compared, signed or logged.
 */
export function wholeNumber(text: string): number | undefined {
  const value = /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
