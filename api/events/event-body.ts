/** The event in the API's answers: its schema, and how it is made from the record. */
import { z } from '@hono/zod-openapi';
import { CLAIM_STATES, REWARD_KINDS } from '../../domain/claims/claim.ts';
import {
  claimableUntil,
  EVENT_STATUSES,
  PARKED_ACTIONS,
  REWARD_SELECTIONS,
} from '../../domain/events/event.ts';
import { PERIOD_KINDS, WEEKDAYS } from '../../domain/events/period.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { ConditionSchema } from './condition-schema.ts';

const Reward = z.object({
  rewardId: z.string(),
  kind: z.enum(REWARD_KINDS),
  name: z.string(),
  quantity: z.int(),
  stock: z.int().nullable().openapi({ description: 'Units to give in all; null for unlimited.' }),
});

export const EventSchema = z
  .object({
    eventId: z.string().openapi({ example: 'evt_5f2b8c9d0e1a2b3c4d5e6f70' }),
    version: z.int().openapi({ description: 'Grows with every change; also the `ETag`.' }),
    status: z.enum(EVENT_STATUSES),
    title: z.string(),
    description: z.string(),
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
    claimUntil: z.iso.datetime().nullable(),
    claimableUntil: z.iso.datetime().openapi({
      description:
        'Claims are taken until before it: `claimUntil`, or `endsAt` where that is null.',
    }),
    listedFrom: z.iso.datetime().nullable(),
    period: z.object({
      kind: z.enum(PERIOD_KINDS),
      timeZone: z.string(),
      resetHour: z.int(),
      resetMinute: z.int(),
      resetDay: z.enum(WEEKDAYS),
    }),
    claimsPerPeriod: z.int(),
    claimsTotal: z.int().nullable().openapi({
      description: "What bounds a player's grants over all periods; null for no limit.",
    }),
    exclusiveGroup: z.string().nullable().openapi({
      description: 'A player has one grant among all events that name it; null for no group.',
    }),
    condition: ConditionSchema,
    rewardSelection: z.enum(REWARD_SELECTIONS),
    rewards: z.array(Reward),
    fulfillment: z.object({ provider: z.string() }),
    parkedAfter: z.object({ action: z.enum(PARKED_ACTIONS), hours: z.int() }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Event');

const units = z.int().min(0);

export const EventStatsSchema = z
  .object({
    rewards: z.array(
      z.object({
        rewardId: z.string(),
        stock: units.nullable(),
        available: units.nullable(),
        held: units,
        granted: units,
      }),
    ),
    claims: z
      .partialRecord(z.enum(CLAIM_STATES), units)
      .openapi({ description: 'How many claims are in each state; states of none are left out.' }),
  })
  .openapi('EventStats');

/** The event as the API shows it. */
export function toEventBody(event: StoredEvent): z.infer<typeof EventSchema> {
  return {
    eventId: event.eventId,
    version: event.version,
    status: event.status,
    title: event.title,
    description: event.description,
    startsAt: event.startsAt.toISOString(),
    endsAt: event.endsAt.toISOString(),
    claimUntil: event.claimUntil?.toISOString() ?? null,
    claimableUntil: claimableUntil(event).toISOString(),
    listedFrom: event.listedFrom?.toISOString() ?? null,
    period: event.period,
    claimsPerPeriod: event.claimsPerPeriod,
    claimsTotal: event.claimsTotal,
    exclusiveGroup: event.exclusiveGroup,
    condition: event.condition,
    rewardSelection: event.rewardSelection,
    rewards: event.rewards.map(({ rewardId, kind, name, quantity, stock }) => {
      return { rewardId, kind, name, quantity, stock };
    }),
    fulfillment: event.fulfillment,
    parkedAfter: event.parkedAfter,
    createdBy: event.createdBy,
    createdAt: event.createdAt.toISOString(),
    updatedAt: event.updatedAt.toISOString(),
  };
}
