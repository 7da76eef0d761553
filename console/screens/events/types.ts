/** An event's shapes, from the API's description. */
import type { components } from '../../../client/index.ts';

type Schemas = components['schemas'];

export type GameEvent = Schemas['Event'];
export type { EventStatus } from '../../app/types.ts';
export type EventStats = Schemas['EventStats'];
export type NewEvent = Schemas['NewEvent'];
export type EventPatch = Schemas['EventPatch'];
export type Reward = GameEvent['rewards'][number];
export type Condition = Schemas['Condition'];
export type Leaf = Extract<Condition, { metric: string }>;

/** What an operator writes of an event. */
export type EventFields = Omit<
  GameEvent,
  'eventId' | 'version' | 'status' | 'claimableUntil' | 'createdBy' | 'createdAt' | 'updatedAt'
>;

/** The fields an operator writes, in the order they are shown. */
export const FIELD_NAMES = [
  'title',
  'description',
  'period',
  'startsAt',
  'endsAt',
  'claimUntil',
  'listedFrom',
  'claimsPerPeriod',
  'claimsTotal',
  'exclusiveGroup',
  'condition',
  'rewardSelection',
  'rewards',
  'fulfillment',
  'parkedAfter',
] as const satisfies readonly (keyof EventFields)[];
