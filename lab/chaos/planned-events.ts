/** The events that players claim: every kind of fulfillment, some with too little stock for everybody. */

interface PlannedReward {
  rewardId: string;
  kind: 'ITEM' | 'CURRENCY' | 'POINTS' | 'COUPON';
  name: string;
  quantity: number;
  /** Its stock, as a percentage of the claims that are sent to the event. Null for unlimited. */
  enoughForPercent: number | null;
}

export interface PlannedEvent {
  title: string;
  provider: 'mailbox' | 'simulator';
  rewards: PlannedReward[];
  rewardSelection?: 'PLAYER_CHOICE';
  claimsPerPeriod?: number;
  claimsTotal?: number;
  /** A player is granted only one event of a group. */
  exclusiveGroup?: string;
  period?: { kind: 'DAILY'; timeZone: string; resetHour: number };
}

const reward = (
  rewardId: string,
  kind: PlannedReward['kind'],
  quantity: number,
  enoughForPercent: number | null,
): PlannedReward => ({ rewardId, kind, name: `The ${rewardId}`, quantity, enoughForPercent });

/** Two of the six sell out during the run. */
export const PLANNED_EVENTS: readonly PlannedEvent[] = [
  {
    title: 'Scarce mail',
    provider: 'mailbox',
    exclusiveGroup: 'chaos',
    rewards: [reward('cape', 'ITEM', 1, 30)],
  },
  {
    title: 'Mail twice',
    provider: 'mailbox',
    claimsPerPeriod: 2,
    rewards: [reward('mesos', 'CURRENCY', 1_000, null), reward('hat', 'ITEM', 1, 150)],
  },
  { title: 'Scarce in the game', provider: 'simulator', rewards: [reward('sword', 'ITEM', 2, 30)] },
  {
    title: 'A bundle in the game',
    provider: 'simulator',
    rewards: [
      reward('gloves', 'ITEM', 1, 120),
      reward('boots', 'ITEM', 2, 100),
      reward('points', 'POINTS', 50, null),
    ],
  },
  {
    title: 'A choice in the game',
    provider: 'simulator',
    rewardSelection: 'PLAYER_CHOICE',
    exclusiveGroup: 'chaos',
    rewards: [reward('red', 'COUPON', 1, 40), reward('blue', 'COUPON', 1, 40)],
  },
  {
    title: 'Every day in the game',
    provider: 'simulator',
    period: { kind: 'DAILY', timeZone: 'Asia/Seoul', resetHour: 5 },
    claimsPerPeriod: 3,
    claimsTotal: 2,
    rewards: [reward('potion', 'ITEM', 3, null)],
  },
];

/** A reward's stock at the start, in units. @param claims how many are sent to its event */
export function stockOf({ enoughForPercent, quantity }: PlannedReward, claims: number) {
  if (enoughForPercent === null) return null;
  return quantity * Math.max(2, Math.round((claims * enoughForPercent) / 100));
}
