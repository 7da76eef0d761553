/** A cache of what decides whether a caller may go on: each value is read twice a second at most. */
import { BoundedMap } from '../../domain/bounded-map.ts';

/**
 * The TTL, in milliseconds. A change of role or status, or a deleted key, must end its tokens
 * everywhere within a second: half of it is for this cache, half for the request that reads.
 */
const MAX_AGE_MS = 500;

/** Entries in a cache; past it the one read longest ago is evicted. A few MiB. */
const MAX_ENTRIES = 10_000;

export interface ShortCache<T> {
  /** The value as read at most `maxAgeMs` ago (500 unless given); null if there is none. */
  get(id: string, maxAgeMs?: number): Promise<T | null>;
  /** Whether it was read lately and was there; it may be older than `get` would answer. */
  wasThere(id: string): boolean;
  /** Drops a value from the cache, so that this process sees its own change at once. */
  forget(id: string): void;
}

/**
 * @param read the store's own read
 * @param now milliseconds on a clock that never goes back
 */
export function createShortCache<T>(
  read: (id: string) => Promise<T | null>,
  now: () => number = () => performance.now(),
): ShortCache<T> {
  const remembered = new BoundedMap<string, Entry<T>>(MAX_ENTRIES);

  function readNow(id: string): Promise<T | null> {
    const value = read(id);
    const wasThere = remembered.get(id)?.wasThere ?? false;
    const entry: Entry<T> = { value, readAtMs: now(), wasThere };
    remembered.set(id, entry);
    value.then(
      (found) => {
        entry.wasThere = found !== null;
      },
      () => {
        // A failed read is answered to those who wait for it, and not kept.
        if (remembered.get(id) === entry) remembered.delete(id);
      },
    );
    return value;
  }

  return {
    get(id, maxAgeMs = MAX_AGE_MS) {
      const known = remembered.get(id);
      return known && now() - known.readAtMs < maxAgeMs ? known.value : readNow(id);
    },
    wasThere(id) {
      return remembered.get(id)?.wasThere ?? false;
    },
    forget(id) {
      remembered.delete(id);
    },
  };
}

interface Entry<T> {
  value: Promise<T | null>;
  readAtMs: number;
  wasThere: boolean;
}
