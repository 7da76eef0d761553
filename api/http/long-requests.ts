/**
 * Limits on requests that are held open: streams, and waits for a claim's end. Each takes some 60
 * to 100 KB of memory for as long as its client wants.
 */
import { DomainError } from '../../domain/errors.ts';

interface LongRequestBounds {
  /** At once in this process. */
  most: number;
  /** At once of one client address. */
  mostOfAddress: number;
  /** At once of one user. */
  mostOfUser: number;
}

export type LongRequests = ReturnType<typeof createLongRequests>;

/** When to come back, in seconds: a place may become free at any time. */
const RETRY_AFTER_S = 5;

/** The places of one process. */
export function createLongRequests(bounds: LongRequestBounds) {
  const { most, mostOfAddress, mostOfUser } = bounds;
  const ofUser = createCounts();
  const ofAddress = createCounts();
  /** What ends each stream, by user, the oldest first. */
  const streams = new Map<string, Set<() => void>>();
  let open = 0;

  return {
    /**
     * Takes a place. Call what it returns when the request ends: it gives the place back.
     * @param who `address` is the key of limits by address; undefined if that is not counted
     * @param cut ends the request, to make room for a newer one of the same user. The oldest is
     *   ended first: a connection that died unnoticed is among the oldest. A request without `cut`
     *   is never ended so, and ends no other
     * @throws DomainError `rate_limited` past a limit of the user or the address, `unavailable`
     *   past that of the process
     */
    begin(who: { userId: string; address: string | undefined }, cut?: () => void): () => void {
      const { userId, address } = who;
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
    /** How many are open in this process. */
    open: () => open,
  };
}

/** Counts by key. A key whose count is zero takes no memory. */
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
