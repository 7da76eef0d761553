/**
 * Sums over a window that moves with the clock. Time is cut into buckets. The sums of a bucket that
 * no longer changes are kept, so that a look every two seconds reads only what is new.
 */

/** The length of a bucket, in milliseconds. */
const BUCKET_MS = 10_000;

/**
 * Younger buckets are always read again, in milliseconds. By then each record of theirs is written,
 * also by a process whose clock is behind.
 */
const RECENT_MS = 30_000;

/** One read covers so many buckets at most: a minute, which is a bounded part of any rush. */
const MOST_AT_ONCE = 6;

/** From `fromMs` until before `untilMs`, in milliseconds since the epoch. */
export interface Span {
  fromMs: number;
  untilMs: number;
}

/** A sum, and the start of its bucket in milliseconds since the epoch. */
export type InBucket<G> = G & { bucketMs: number };

interface Options<G> {
  /** The window's length, in milliseconds. */
  windowMs: number;
  /** How long one look may read, in milliseconds. What it has read then counts for the next look. */
  withinMs: number;
  /** Reads the sums of some buckets; null where the database needs too long. */
  sumUp(span: Span): Promise<InBucket<G>[] | null>;
  now?: () => number;
}

/** The start of the bucket that a moment is in. Both in milliseconds since the epoch. */
const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS) * BUCKET_MS;

/** The expression that gives the start of the bucket of a date field, in milliseconds. */
export function bucketOfField(field: string): object {
  const ms = { $toLong: field };
  return { $subtract: [ms, { $mod: [ms, BUCKET_MS] }] };
}

/** The sums of one window. Not for two looks at once. */
export function createSlidingSums<G>({ windowMs, withinMs, sumUp, now }: Options<G>) {
  const elapsedMs = now ?? (() => performance.now());
  /** What was read, by bucket, with the stamp that the bucket had then; null while it is young. */
  const known = new Map<number, { stamp: string | null; sums: G[] }>();

  /** Reads neighbouring buckets. False where the database needs too long. */
  async function readAll(buckets: number[], stampOf: (bucketMs: number) => string | null) {
    const [fromMs = 0] = buckets;
    const found = await sumUp({ fromMs, untilMs: fromMs + buckets.length * BUCKET_MS });
    if (!found) return false;
    const byBucket = Map.groupBy(found, ({ bucketMs }) => bucketMs);
    for (const bucketMs of buckets) {
      known.set(bucketMs, { stamp: stampOf(bucketMs), sums: byBucket.get(bucketMs) ?? [] });
    }
    return true;
  }

  return {
    /** The window at that moment, cut where buckets begin: it reaches up to ten seconds ahead. */
    windowAt: (atMs: number): Span => ({
      fromMs: bucketOf(atMs - windowMs),
      untilMs: bucketOf(atMs) + BUCKET_MS,
    }),

    /**
     * The sums of the window that ends now, one or more for each bucket.
     * @param atMs the window's end, in milliseconds since the epoch
     * @param stampOf changes whenever the sums of a bucket may have changed; always the same unless
     *   given
     * @returns null where they could not all be read in time
     */
    async read(
      atMs: number,
      stampOf: (bucketMs: number) => string = () => '',
    ): Promise<G[] | null> {
      const startedAtMs = elapsedMs();
      const fromMs = bucketOf(atMs - windowMs);
      for (const bucketMs of known.keys()) if (bucketMs < fromMs) known.delete(bucketMs);
      const count = (bucketOf(atMs) - fromMs) / BUCKET_MS + 1;
      const buckets = Array.from({ length: count }, (_, i) => fromMs + i * BUCKET_MS);
      const stamp = (bucketMs: number) => (bucketMs > atMs - RECENT_MS ? null : stampOf(bucketMs));
      const isKnown = (bucketMs: number) => {
        const was = known.get(bucketMs)?.stamp ?? null;
        return was !== null && was === stamp(bucketMs);
      };
      const stale = buckets.filter((bucketMs) => !isKnown(bucketMs));
      for (const some of neighbours(stale)) {
        if (elapsedMs() - startedAtMs > withinMs) return null;
        if (!(await readAll(some, stamp))) return null;
      }
      return buckets.flatMap((bucketMs) => known.get(bucketMs)?.sums ?? []);
    },
  };
}

/** Cuts a sorted list of buckets into runs without a gap, of a minute at most. */
function neighbours(buckets: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const bucketMs of buckets) {
    const last = runs.at(-1);
    const isNext = last?.at(-1) === bucketMs - BUCKET_MS && last.length < MOST_AT_ONCE;
    if (last && isNext) last.push(bucketMs);
    else runs.push([bucketMs]);
  }
  return runs;
}
