/**
 * Which claims may still hope for units: what the store says is left, less what claims under way in
 * this process are about to hold. Only a forecast, so that a crowd at the last units does not cost a
 * record and a run each; who gets them is decided by the hold alone.
 */
import { DomainError } from '../../domain/errors.ts';
import type { RewardUnits, StockStore } from '../../store/stock.ts';
import { shareReads } from './shared-reads.ts';

/** How long it is remembered that a reward was seen sold out, in milliseconds. */
const REMEMBERED_MS = 1_000;

/** Rewards of which anything is remembered; past it those seen longest ago go. */
const MAX_REWARDS = 10_000;

/** Looks at what is left before a claim goes on without a forecast: the hold decides anyway. */
const MAX_LOOKS = 100;

/** Where this many are left beyond all who are about to hold them, the next claims need not look. */
const PLENTY = 500;

/** How long a look at plenty counts, in milliseconds. */
const PLENTY_MS = 250;

/** Claims of one reward in this process: all that began, and those of them that came to an end. */
interface Tally {
  begun: number;
  ended: number;
}

/** What was seen of a reward: for how many claims there is room, and how many had ended by then. */
interface Left {
  room: number;
  ended: number;
}

export interface Ticket {
  /** The claim has its hold by now, or will not get it here. */
  end(): void;
}

export type Units = ReturnType<typeof createUnits>;

const keyOf = (eventId: string, rewards: readonly RewardUnits[]) =>
  `${eventId}/${rewards.map((r) => `${r.rewardId}*${r.quantity}`).join('/')}`;

/** Remembers a value as the newest; past the bound the oldest goes. */
function keep<V>(of: Map<string, V>, name: string, value: V): void {
  of.delete(name);
  of.set(name, value);
  const [oldest] = of.keys();
  if (of.size > MAX_REWARDS && oldest !== undefined) of.delete(oldest);
}

/** What somebody asks for: one reward of an event, or null for all of them. */
interface Asked {
  eventId: string;
  rewardId: string | null;
}

export interface UnitsOptions {
  /** Milliseconds on a clock that never goes back. */
  nowMs?: () => number;
  /** Told whenever the store says that this is sold out. */
  onSoldOut?: (of: Asked) => void;
}

export function createUnits(stock: Pick<StockStore, 'roomFor'>, options: UnitsOptions = {}) {
  const { nowMs = () => performance.now(), onSoldOut } = options;
  const tallies = new Map<string, Tally>();
  /** Until when what was asked for is remembered to be sold out, by event and named reward. */
  const soldOut = new Map<string, number>();
  /** The last look at what there was plenty of, by event and named reward. */
  const plenty = new Map<string, { left: Left[]; untilMs: number }>();
  const nameOf = (eventId: string, rewardId: string | null) => `${eventId}/${rewardId ?? ''}`;
  let ending = Promise.withResolvers<void>();

  function tallyOf(eventId: string, { rewardId }: RewardUnits): Tally {
    const key = nameOf(eventId, rewardId);
    const tally = tallies.get(key) ?? { begun: 0, ended: 0 };
    tallies.delete(key);
    tallies.set(key, tally);
    const [oldest] = tallies;
    if (tallies.size > MAX_REWARDS && oldest && oldest[1].begun === oldest[1].ended) {
      tallies.delete(oldest[0]);
    }
    return tally;
  }

  /** How many claims still fit, and how many had ended when that began to be looked at. */
  const look = shareReads(keyOf, async (eventId: string, rewards: readonly RewardUnits[]) => {
    const ended = rewards.map((reward) => tallyOf(eventId, reward).ended);
    const room = await stock.roomFor(eventId, rewards);
    return rewards.map((_, i) => ({ room: room[i] ?? 0, ended: ended[i] ?? 0 }));
  });

  function remember(eventId: string, rewardId: string | null, atMs: number): void {
    keep(soldOut, nameOf(eventId, rewardId), atMs + REMEMBERED_MS);
  }

  /** Whether each reward has units beyond those that claims here are about to hold, and `spare` more. */
  function isFree(own: readonly Tally[], left: readonly Left[], spare = 0): boolean {
    return own.every((tally, n) => {
      const { room = 0, ended = 0 } = left[n] ?? {};
      return room > tally.begun - ended + spare;
    });
  }

  function isPlenty(name: string, own: readonly Tally[]): boolean {
    const last = plenty.get(name);
    if (last && last.untilMs > nowMs() && isFree(own, last.left, PLENTY)) return true;
    plenty.delete(name);
    return false;
  }

  function begin(own: readonly Tally[]): Ticket {
    for (const tally of own) tally.begun += 1;
    return {
      end() {
        for (const tally of own) tally.ended += 1;
        ending.resolve();
        ending = Promise.withResolvers<void>();
      },
    };
  }

  /** @throws DomainError `sold_out` where the store says so now */
  async function seen(request: Asked, rewards: RewardUnits[]) {
    const atMs = nowMs();
    const left = await look(request.eventId, rewards);
    const gone = rewards.filter((_, i) => left[i]?.room === 0).map((r) => r.rewardId);
    if (gone.length === 0) {
      soldOut.delete(nameOf(request.eventId, request.rewardId));
      return left;
    }
    remember(request.eventId, request.rewardId, atMs);
    onSoldOut?.(request);
    throw new DomainError('sold_out', `Nothing is left of ${gone.join(', ')}.`);
  }

  return {
    /** Whether the store said within the last second that this is sold out. */
    isRemembered(eventId: string, rewardId: string | null): boolean {
      return (soldOut.get(nameOf(eventId, rewardId)) ?? 0) > nowMs();
    },

    /** Looks whether anything is left. @throws DomainError `sold_out` */
    async check(request: Asked, rewards: RewardUnits[]): Promise<void> {
      if (rewards.length > 0) await seen(request, rewards);
    },

    /**
     * Waits until there are units beyond those that claims before this one are about to hold; end
     * the ticket once this one's own hold is decided. @throws DomainError `sold_out`
     */
    async take(request: Asked, rewards: RewardUnits[]): Promise<Ticket> {
      const own = rewards.map((reward) => tallyOf(request.eventId, reward));
      const name = nameOf(request.eventId, request.rewardId);
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        if (isPlenty(name, own)) break;
        const left = await seen(request, rewards);
        if (isFree(own, left, PLENTY)) keep(plenty, name, { left, untilMs: nowMs() + PLENTY_MS });
        if (isFree(own, left)) break;
        // Where all have ended since, what they took is there to be seen.
        if (own.some((tally) => tally.begun > tally.ended)) await ending.promise;
      }
      return begin(own);
    },
  };
}
