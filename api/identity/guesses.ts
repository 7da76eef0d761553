/**
 * The limit on guessing, counted in MongoDB for all processes: docs/decisions/0040. A guess is
 * counted before it is compared, so that guesses side by side do not pass the limit.
 */
import type { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible';
import { BoundedMap } from '../../domain/bounded-map.ts';
import type { GuessStore } from '../../store/users/guesses.ts';
import { hashOf } from '../../store/users/secret.ts';
import { type Client, countedAs, limitKeyOf } from './client-address.ts';
import type { Attempt } from './passwords.ts';
import { type Allowance, tooMany } from './rate-limits.ts';

/** What is guessed. */
type Door = 'PASSWORD' | 'CODE';

/**
 * By account and address together: small, as it locks out nobody elsewhere. A person mistypes a
 * password more often than six digits, of which a million guesses find one.
 */
const BY_BOTH: Record<Door, Allowance> = {
  PASSWORD: { points: 10, duration: 300 },
  CODE: { points: 5, duration: 300 },
};

/**
 * By account: for guesses from many addresses. It ends soon, as a user at a new address waits with
 * the attacker. A code is only asked of somebody who knew the password, so its window may be long:
 * at 20 an hour, somebody with the password needs more than a year for an even chance.
 */
const BY_ACCOUNT: Record<Door, Allowance> = {
  PASSWORD: { points: 100, duration: 900 },
  CODE: { points: 20, duration: 3_600 },
};

/** By address: for guesses at many accounts. Wide, as a network of players shares an address. */
const BY_ADDRESS: Allowance = { points: 300, duration: 900 };

/** How often a process writes that an address is known, in milliseconds: once a day. */
const NOTE_EVERY_MS = 24 * 60 * 60 * 1_000;

/** Addresses whose last note is remembered; past it the oldest is written once more than needed. */
const MOST_NOTED = 50_000;

export interface Guesses {
  /**
   * One try at an account, to be counted around its comparison.
   * @param account a user's ID, or what stands for a user that does not exist
   */
  attempt(door: Door, account: string, client: Client): Attempt;
  /** Notes a whole sign-in: from there, limits that others have used up do not count. */
  signedIn(userId: string, client: Client): Promise<void>;
}

interface Count {
  counter: RateLimiterMongo;
  key: string;
  /** Whether a user at an address of theirs passes it. */
  sparesKnown: boolean;
}

/**
 * @param settings.enabled false for `RATE_LIMITS=off`: then a gateway counts by address, and here
 *   only codes are counted, by account
 */
export function createGuesses(settings: {
  store: GuessStore;
  enabled: boolean;
  now: () => Date;
}): Guesses {
  const { store, enabled, now } = settings;
  const noted = new BoundedMap<string, number>(MOST_NOTED);
  const doors = {
    PASSWORD: countersOf(store, 'PASSWORD'),
    CODE: countersOf(store, 'CODE'),
  };
  const byAddress = store.counter('address', BY_ADDRESS);

  function countsOf(door: Door, account: string, client: Client): Count[] {
    const { byBoth, byAccount } = doors[door];
    const ofAccount = { counter: byAccount, key: hashOf(account), sparesKnown: true };
    if (!enabled) return door === 'CODE' ? [ofAccount] : [];
    const both = hashOf(`${account} ${limitKeyOf(client.address)}`);
    const counts = [{ counter: byBoth, key: both, sparesKnown: false }, ofAccount];
    const address = countedAs(client);
    if (address === undefined) return counts;
    return [...counts, { counter: byAddress, key: hashOf(address), sparesKnown: true }];
  }

  /** @throws DomainError `rate_limited` for a count that is used up */
  async function refuse(
    counts: Count[],
    spent: (RateLimiterRes | null)[],
    isOver: (points: number, most: number) => boolean,
    isKnown: () => Promise<boolean>,
  ): Promise<void> {
    for (const [n, { counter, sparesKnown }] of counts.entries()) {
      const count = spent[n];
      if (!count || !isOver(count.consumedPoints, counter.points)) continue;
      if (sparesKnown && (await isKnown())) continue;
      throw tooMany(count);
    }
  }

  return {
    attempt(door, account, client) {
      const counts = countsOf(door, account, client);
      const address = countedAs(client);
      const isKnown = async () =>
        address !== undefined && (await store.isKnown(account, address, now()));
      return {
        async before() {
          const spent = await Promise.all(counts.map(({ counter, key }) => counter.get(key)));
          // What is refused is not counted: else one address could use up the account's count.
          await refuse(counts, spent, (points, most) => points >= most, isKnown);
          // The narrowest first, and the others only for what passes it: for the same reason.
          for (const group of [counts.slice(0, 1), counts.slice(1)]) {
            const counted = await Promise.all(
              group.map(({ counter, key }) => counter.penalty(key)),
            );
            await refuse(group, counted, (points, most) => points > most, isKnown);
          }
        },
        async after(matched) {
          if (!matched) return;
          await Promise.all(
            counts.map(({ counter, key, sparesKnown }) =>
              sparesKnown ? counter.reward(key) : counter.delete(key),
            ),
          );
        },
      };
    },

    async signedIn(userId, client) {
      const address = countedAs(client);
      if (address === undefined) return;
      const key = `${userId} ${address}`;
      const at = now();
      const last = noted.get(key) ?? Number.NEGATIVE_INFINITY;
      if (at.getTime() - last < NOTE_EVERY_MS) return;
      await store.noteKnown(userId, address, at);
      noted.set(key, at.getTime());
    },
  };
}

const countersOf = (store: GuessStore, door: Door) => ({
  byBoth: store.counter(`${door} both`, BY_BOTH[door]),
  byAccount: store.counter(`${door} account`, BY_ACCOUNT[door]),
});
