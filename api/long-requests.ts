/**
 * Requests that are held open: streams, and waits for a claim's end. Each takes some 60 to 100 KB for
 * as long as its client likes, so there are bounds on how many there are at once.
 */
import { DomainError } from '../domain/errors.ts';

export interface LongRequestBounds {
  /** In this process at once. */
  most: number;
  mostOfAddress: number;
  mostOfUser: number;
}

export interface LongRequests {
  /**
   * Takes a place; what it returns gives it back, and is to be called when the request ends.
   * @param address what limits by address count by
   * @throws DomainError `rate_limited` past a bound of the user or the address, `unavailable` past
   *   that of the process
   */
  begin(who: { userId: string; address: string }): () => void;
  /** How many are open. */
  open(): number;
}

/** Wide, for tests: all their clients have one address. */
export const LONG_REQUESTS: LongRequestBounds = {
  most: 2_000,
  mostOfAddress: 2_000,
  mostOfUser: 2_000,
};

/** One of them may end at any time. */
const RETRY_AFTER_S = 5;

export function createLongRequests(bounds: LongRequestBounds): LongRequests {
  const { most, mostOfAddress, mostOfUser } = bounds;
  const ofUser = createCounts();
  const ofAddress = createCounts();
  let open = 0;

  return {
    begin({ userId, address }) {
      if (ofUser.of(userId) >= mostOfUser) {
        throw refusal(
          'rate_limited',
          `A user has at most ${mostOfUser} streams and waits at once.`,
        );
      }
      if (ofAddress.of(address) >= mostOfAddress) {
        throw refusal('rate_limited', 'Too many streams and waits from one address.');
      }
      if (open >= most) throw refusal('unavailable', 'Too many streams and waits at once.');
      open += 1;
      ofUser.add(userId, 1);
      ofAddress.add(address, 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        open -= 1;
        ofUser.add(userId, -1);
        ofAddress.add(address, -1);
      };
    },
    open: () => open,
  };
}

/** How many there are of each; nothing is remembered of whom there are none. */
export function createCounts() {
  const counts = new Map<string, number>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    add(key: string, more: 1 | -1): void {
      const count = (counts.get(key) ?? 0) + more;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}

function refusal(code: 'rate_limited' | 'unavailable', detail: string): DomainError {
  return new DomainError(code, detail, { retryAfterS: RETRY_AFTER_S });
}
