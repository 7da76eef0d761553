/**
 * Requests that are held open: streams, and waits for a claim's end. Each takes some 60 to 100 KB for
 * as long as its client likes, so there are bounds on how many there are at once.
 */
import { DomainError } from '../../domain/errors.ts';

interface LongRequestBounds {
  /** In this process at once. */
  most: number;
  mostOfAddress: number;
  mostOfUser: number;
}

export interface LongRequests {
  /**
   * Takes a place; what it returns gives it back, and is to be called when the request ends.
   * @param who `address`: what limits by address count by; undefined where it is not counted
   * @param cut ends the request when its user begins another past their bound: of who is cut off
   *   without a word, the dead ones are the oldest. Without it the request neither gives way nor
   *   takes the place of one that does
   * @throws DomainError `rate_limited` past a bound of the user or the address, `unavailable` past
   *   that of the process
   */
  begin(who: { userId: string; address: string | undefined }, cut?: () => void): () => void;
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
  /** Those that can be ended, by user, the oldest first. */
  const streams = new Map<string, Set<() => void>>();
  let open = 0;

  return {
    begin({ userId, address }, cut) {
      if (address !== undefined && ofAddress.of(address) >= mostOfAddress) {
        throw refusal('rate_limited', 'Too many streams and waits from one address.');
      }
      if (open >= most) throw refusal('unavailable', 'Too many streams and waits at once.');
      const own = streams.get(userId) ?? new Set();
      if (ofUser.of(userId) >= mostOfUser) {
        const [endOldest] = own;
        if (!cut || !endOldest) {
          const detail = `A user has at most ${mostOfUser} streams and waits at once.`;
          throw refusal('rate_limited', detail);
        }
        endOldest();
      }
      open += 1;
      ofUser.add(userId, 1);
      if (address !== undefined) ofAddress.add(address, 1);
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        open -= 1;
        ofUser.add(userId, -1);
        if (address !== undefined) ofAddress.add(address, -1);
        if (cut && own.delete(endEarly) && own.size === 0) streams.delete(userId);
      };
      const endEarly = () => {
        end();
        cut?.();
      };
      if (cut) streams.set(userId, own.add(endEarly));
      return end;
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
