/**
 * What was seen sold out: of that, the next claims look before they are recorded, so that a crowd at
 * the last units does not cost a record each. Who gets them is decided by the hold alone.
 */
import { DomainError } from '../../domain/errors.ts';
import type { RewardUnits, StockStore } from '../../store/stock/stock.ts';
import { shareReads } from './shared-reads.ts';

/** Rewards that are remembered; past it those seen longest ago go. */
const MAX_REWARDS = 10_000;

/** What somebody asks for: one reward of an event, or null for all of them. */
interface Asked {
  eventId: string;
  rewardId: string | null;
}

const nameOf = ({ eventId, rewardId }: Asked) => `${eventId}/${rewardId ?? ''}`;

/** @param onSoldOut told whenever the store says that this is sold out */
export function createSoldOut(
  stock: Pick<StockStore, 'soldOut'>,
  onSoldOut: (of: Asked) => void = () => {},
) {
  const seen = new Set<string>();

  /** Many ask at once, and all who asked before a look began share it. */
  const look = shareReads(
    (asked: Asked, rewards: readonly RewardUnits[]) =>
      `${asked.eventId}/${rewards.map((r) => `${r.rewardId}*${r.quantity}`).join('/')}`,
    (asked: Asked, rewards: readonly RewardUnits[]) => stock.soldOut(asked.eventId, rewards),
  );

  function remember(asked: Asked): void {
    const name = nameOf(asked);
    seen.delete(name);
    seen.add(name);
    const [oldest] = seen;
    if (seen.size > MAX_REWARDS && oldest !== undefined) seen.delete(oldest);
    onSoldOut(asked);
  }

  return {
    /** Whether it was sold out when it was last looked at. */
    isSeen: (asked: Asked): boolean => seen.has(nameOf(asked)),

    /** A hold found it sold out. */
    remember,

    /** Looks whether anything is left. @throws DomainError `sold_out` */
    async check(asked: Asked, rewards: readonly RewardUnits[]): Promise<void> {
      if (rewards.length === 0) return;
      const gone = await look(asked, rewards);
      if (gone.length === 0) {
        seen.delete(nameOf(asked));
        return;
      }
      remember(asked);
      const names = gone.map(({ rewardId }) => rewardId).join(', ');
      throw new DomainError('sold_out', `Nothing is left of ${names}.`);
    },
  };
}
