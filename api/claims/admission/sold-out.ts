/**
 * Remembers what was seen sold out. The next claims of that are checked before they are recorded,
 * so that a crowd at the last units does not cost a record each. Who gets a unit is decided by the
 * hold alone.
 */
import { BoundedMap } from '../../../domain/bounded-map.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { RewardUnits, StockStore } from '../../../store/stock/stock.ts';
import type { ClaimRequest } from '../claim-draft.ts';
import { shareReads } from './shared-reads.ts';

/** How many are remembered; past it the one seen longest ago is forgotten. About 1 MiB. */
const MAX_REWARDS = 10_000;

/** What a claim asks for. */
type Asked = Pick<ClaimRequest, 'eventId' | 'rewardId'>;

/** A name for what is asked for; also its lane in the record queue, to be recalled together. */
export const laneOf = ({ eventId, rewardId }: Asked): string =>
  rewardId === null ? eventId : `${eventId}/${rewardId}`;

/** @param onSoldOut called whenever a hold or a look has found this sold out */
export function createSoldOut(
  stock: Pick<StockStore, 'soldOut'>,
  onSoldOut: (of: Asked) => void = () => {},
) {
  const seen = new BoundedMap<string, true>(MAX_REWARDS);

  /** One read for all who asked before it began. */
  const look = shareReads(
    (asked: Asked, rewards: readonly RewardUnits[]) =>
      `${asked.eventId}/${rewards.map((r) => `${r.rewardId}*${r.quantity}`).join('/')}`,
    (asked: Asked, rewards: readonly RewardUnits[]) => stock.soldOut(asked.eventId, rewards),
  );

  function remember(asked: Asked): void {
    seen.set(laneOf(asked), true);
    onSoldOut(asked);
  }

  return {
    /** Whether it was sold out when it was last looked at. */
    isSeen: (asked: Asked): boolean => seen.has(laneOf(asked)),

    /** To be called when a hold found it sold out. */
    remember,

    /**
     * Looks in the store whether enough units are left.
     * @returns the refusal `sold_out`, or null if there are enough
     */
    async refusalOf(asked: Asked, rewards: readonly RewardUnits[]): Promise<DomainError | null> {
      if (rewards.length === 0) return null;
      const gone = await look(asked, rewards);
      if (gone.length === 0) {
        seen.delete(laneOf(asked));
        return null;
      }
      remember(asked);
      const names = gone.map(({ rewardId }) => rewardId).join(', ');
      return new DomainError('sold_out', `Nothing is left of ${names}.`);
    },
  };
}
