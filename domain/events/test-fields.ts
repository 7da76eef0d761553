/** For tests: an event as an operator writes it, and its parts. */
import type { EventFields, Reward } from './event.ts';

export const ONCE = {
  kind: 'ONCE',
  timeZone: 'UTC',
  resetHour: 0,
  resetMinute: 0,
  resetDay: 'MONDAY',
} as const;

/** A day that begins at five in the morning in Seoul. */
export const DAILY_IN_SEOUL = {
  kind: 'DAILY',
  timeZone: 'Asia/Seoul',
  resetHour: 5,
  resetMinute: 0,
  resetDay: 'MONDAY',
} as const;

export const CAPE: Reward = {
  rewardId: 'cape',
  kind: 'ITEM',
  name: 'Frost cape',
  quantity: 1,
  stock: 10,
};

export const MESOS: Reward = {
  rewardId: 'mesos',
  kind: 'CURRENCY',
  name: 'Mesos',
  quantity: 10_000,
  stock: null,
};

/** A valid event of an operator; `given` changes it. */
export function eventFields(given: Partial<EventFields> = {}): EventFields {
  return {
    title: 'Snow festival',
    description: '',
    startsAt: new Date('2026-12-01T00:00:00Z'),
    endsAt: new Date('2026-12-31T15:00:00Z'),
    claimUntil: new Date('2027-01-07T15:00:00Z'),
    listedFrom: null,
    period: DAILY_IN_SEOUL,
    claimsPerPeriod: 1,
    claimsTotal: null,
    exclusiveGroup: null,
    condition: null,
    rewardSelection: 'ALL',
    rewards: [MESOS, CAPE],
    fulfillment: { provider: 'mailbox' },
    parkedAfter: { action: 'WAIT', hours: 24 },
    ...given,
  };
}
