/** Medians and percentiles. */

/** The median. For an even count it is the mean of the middle two. @throws RangeError for no numbers */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  if (low === undefined || high === undefined) throw new RangeError('no numbers');
  return (low + high) / 2;
}

/** The nearest-rank percentile. @param percent from 0 to 100 @throws RangeError for no numbers */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('no numbers');
  return found;
}
