/** What the form's controls hold, and how that and the API's fields become each other. */
import type { Problem } from '../../app/problem.ts';
import type { EventFields, Reward } from '../events/types.ts';
import {
  type ConditionDraft,
  conditionOf,
  draftOf,
  newLeaf,
  nextId,
  numberIn,
} from './condition-draft.ts';

export interface RewardValues {
  id: number;
  rewardId: string;
  kind: Reward['kind'];
  name: string;
  quantity: string;
  /** Empty: unlimited. */
  stock: string;
}

export interface FormValues {
  title: string;
  description: string;
  /** Moments are RFC 3339 in UTC; empty for none. */
  startsAt: string;
  endsAt: string;
  claimUntil: string;
  listedFrom: string;
  periodKind: EventFields['period']['kind'];
  timeZone: string;
  /** `HH:MM`. */
  resetTime: string;
  resetDay: EventFields['period']['resetDay'];
  claimsPerPeriod: string;
  /** Empty: no limit. */
  claimsTotal: string;
  exclusiveGroup: string;
  condition: ConditionDraft | null;
  rewardSelection: EventFields['rewardSelection'];
  rewards: RewardValues[];
  provider: string;
  parkedAction: EventFields['parkedAfter']['action'];
  parkedHours: string;
}

/** What each part of the form gets. */
export interface PartProps {
  values: FormValues;
  set: (change: Partial<FormValues>) => void;
  problem: Problem | undefined;
}

/** An empty form. @param timeZone the zone that the event's periods begin in */
export function emptyValues(timeZone: string): FormValues {
  return {
    title: '',
    description: '',
    startsAt: '',
    endsAt: '',
    claimUntil: '',
    listedFrom: '',
    periodKind: 'ONCE',
    timeZone,
    resetTime: '00:00',
    resetDay: 'MONDAY',
    claimsPerPeriod: '1',
    claimsTotal: '',
    exclusiveGroup: '',
    condition: newLeaf(),
    rewardSelection: 'ALL',
    rewards: [newReward()],
    provider: 'mailbox',
    parkedAction: 'WAIT',
    parkedHours: '24',
  };
}

/** A reward with nothing filled in. */
export function newReward(): RewardValues {
  return { id: nextId(), rewardId: '', kind: 'ITEM', name: '', quantity: '1', stock: '' };
}

/** The form for an event as it is. */
export function valuesOf(fields: EventFields): FormValues {
  const { period, parkedAfter } = fields;
  return {
    title: fields.title,
    description: fields.description,
    startsAt: fields.startsAt,
    endsAt: fields.endsAt,
    claimUntil: fields.claimUntil ?? '',
    listedFrom: fields.listedFrom ?? '',
    periodKind: period.kind,
    timeZone: period.timeZone,
    resetTime: `${twoDigits(period.resetHour)}:${twoDigits(period.resetMinute)}`,
    resetDay: period.resetDay,
    claimsPerPeriod: String(fields.claimsPerPeriod),
    claimsTotal: String(fields.claimsTotal ?? ''),
    exclusiveGroup: fields.exclusiveGroup ?? '',
    condition: fields.condition ? draftOf(fields.condition) : null,
    rewardSelection: fields.rewardSelection,
    rewards: fields.rewards.map((reward) => ({
      id: nextId(),
      rewardId: reward.rewardId,
      kind: reward.kind,
      name: reward.name,
      quantity: String(reward.quantity),
      stock: String(reward.stock ?? ''),
    })),
    provider: fields.fulfillment.provider,
    parkedAction: parkedAfter.action,
    parkedHours: String(parkedAfter.hours),
  };
}

/** The API's fields for the form. What does not fit is sent as it is: the API says what is wrong. */
export function fieldsOf(values: FormValues): EventFields {
  const [resetHour = '', resetMinute = ''] = values.resetTime.split(':');
  return {
    title: values.title,
    description: values.description,
    startsAt: values.startsAt,
    endsAt: values.endsAt,
    claimUntil: values.claimUntil || null,
    listedFrom: values.listedFrom || null,
    period: {
      kind: values.periodKind,
      timeZone: values.timeZone.trim(),
      resetHour: numberIn(resetHour),
      resetMinute: numberIn(resetMinute),
      resetDay: values.resetDay,
    },
    claimsPerPeriod: numberIn(values.claimsPerPeriod),
    claimsTotal: values.claimsTotal.trim() ? numberIn(values.claimsTotal) : null,
    exclusiveGroup: values.exclusiveGroup.trim() || null,
    condition: values.condition ? conditionOf(values.condition) : null,
    rewardSelection: values.rewardSelection,
    rewards: values.rewards.map(({ rewardId, kind, name, quantity, stock }) => ({
      rewardId: rewardId.trim(),
      kind,
      name,
      quantity: numberIn(quantity),
      stock: stock.trim() ? numberIn(stock) : null,
    })),
    fulfillment: { provider: values.provider.trim() },
    parkedAfter: { action: values.parkedAction, hours: numberIn(values.parkedHours) },
  };
}

/** The fields that an operator writes, in the form's own spelling, so that they can be compared. */
export function comparable(event: EventFields): EventFields {
  return fieldsOf(valuesOf(event));
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
