/**
 * The event in bodies: of requests that create or change one, with the defaults of the contract, and
 * of answers.
 */
import { z } from '@hono/zod-openapi';
import { CLAIM_STATES, REWARD_KINDS } from '../../domain/claims/claim.ts';
import { MAILBOX } from '../../domain/claims/fulfillment.ts';
import {
  claimableUntil,
  EVENT_STATUSES,
  type EventFields,
  MAX_UNITS,
  PARKED_ACTIONS,
  REWARD_SELECTIONS,
} from '../../domain/events/event.ts';
import { PERIOD_KINDS, timeZoneNamed, WEEKDAYS } from '../../domain/events/period.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { text, trimmedText } from '../http/text.ts';
import { moment } from '../http/times.ts';
import { ConditionSchema, conditionFor } from './condition-schema.ts';

/** Of titles and names, in code points. */
const MAX_TITLE_LENGTH = 200;
/** In code points. */
const MAX_DESCRIPTION_LENGTH = 5_000;
/** Each limited reward of a claim is a hold of its own. */
const MAX_REWARDS = 20;
/** A claim looks for a free slot among so many, so they are bounded. */
const MAX_CLAIMS_PER_PERIOD = 100;
const MAX_CLAIMS_TOTAL = 1_000;
/** A year. */
const MAX_PARKED_HOURS = 8_760;

/** The defaults of a new event's fields that have fields, where a client leaves them out. */
const DEFAULTS = {
  period: { kind: 'ONCE', timeZone: 'UTC', resetHour: 0, resetMinute: 0, resetDay: 'MONDAY' },
  parkedAfter: { action: 'WAIT', hours: 24 },
} as const;

const unitsFrom = (min: number) => z.int().min(min).max(MAX_UNITS);

const shortName = z.string().regex(/^[a-z0-9_-]{1,64}$/, 'Only 1 to 64 of a–z, 0–9, _ and -');

const period = {
  kind: z.enum(PERIOD_KINDS),
  timeZone: z
    .string()
    .transform((name, context) => {
      const timeZone = timeZoneNamed(name);
      if (timeZone !== null) return timeZone;
      context.addIssue({ code: 'custom', message: 'Not the name of an IANA time zone' });
      return z.NEVER;
    })
    .openapi({ type: 'string', example: 'Asia/Seoul' }),
  resetHour: z.int().min(0).max(23).openapi({ description: 'When a day starts, local time.' }),
  resetMinute: z.int().min(0).max(59),
  resetDay: z.enum(WEEKDAYS).openapi({
    description:
      'The first day of a week; counts for `WEEKLY` alone. A week is named by the ISO 8601 week ' +
      'that holds its first day.',
  }),
};

const parkedAfter = {
  action: z.enum(PARKED_ACTIONS),
  hours: z.int().min(1).max(MAX_PARKED_HOURS),
};

const reward = z.strictObject({
  rewardId: shortName,
  kind: z.enum(REWARD_KINDS),
  name: trimmedText('LINE', [1, MAX_TITLE_LENGTH]),
  quantity: unitsFrom(1).openapi({ description: 'Units one claim gives.' }),
  stock: unitsFrom(0).nullable().optional().openapi({
    description: 'Units to give in all; null for unlimited, as it is for a new reward without one.',
  }),
});

function fieldsFor({ isProvider, isSource }: ProviderNames) {
  return {
    title: trimmedText('LINE', [1, MAX_TITLE_LENGTH]),
    description: text('LINES', [0, MAX_DESCRIPTION_LENGTH]),
    startsAt: moment,
    endsAt: moment,
    claimUntil: moment.nullable().openapi({
      description:
        'Claims are taken until before it; null for `endsAt`, whichever that is. In the grace ' +
        'between the two, a claim is for what was done before `endsAt`, in its last period.',
    }),
    listedFrom: moment.nullable().openapi({
      description:
        'Hides an active event from players until then: it is in no list, and 404 to read, to ask ' +
        'about and to claim. What they do counts from `startsAt` on all the same.',
    }),
    claimsPerPeriod: z.int().min(1).max(MAX_CLAIMS_PER_PERIOD),
    claimsTotal: z
      .int()
      .min(1)
      .max(MAX_CLAIMS_TOTAL)
      .nullable()
      .openapi({
        description:
          'Claims of this event that may be granted to a player over all its periods, and at most ' +
          '`claimsPerPeriod` in each of them; null for no limit. Frozen after the first claim.',
      }),
    exclusiveGroup: shortName.nullable().openapi({
      example: 'winter-2026',
      description:
        'A player may have one grant among all events that name the same group; null for no ' +
        'group. Frozen after the first claim.',
    }),
    condition: conditionFor(isSource),
    rewardSelection: z.enum(REWARD_SELECTIONS),
    rewards: z.array(reward).min(1).max(MAX_REWARDS),
    fulfillment: z.strictObject({
      provider: z
        .string()
        .refine(isProvider, 'No provider of this name is configured')
        .openapi({ example: MAILBOX }),
    }),
  };
}

interface ProviderNames {
  /** Whether a name is that of a fulfillment provider. */
  isProvider(name: string): boolean;
  /** Whether a name is that of a provider that conditions can ask. */
  isSource(name: string): boolean;
}

/**
 * The bodies of `POST /api/events` and `PATCH /api/events/{eventId}`. They check single fields;
 * whether fields fit each other is checked in the domain.
 */
export function eventBodies(names: ProviderNames) {
  const fields = fieldsFor(names);
  const newEvent = z
    .strictObject({
      ...fields,
      description: fields.description.default(''),
      claimUntil: fields.claimUntil.default(null),
      listedFrom: fields.listedFrom.default(null),
      period: z
        .strictObject({
          kind: period.kind,
          timeZone: period.timeZone.default(DEFAULTS.period.timeZone),
          resetHour: period.resetHour.default(DEFAULTS.period.resetHour),
          resetMinute: period.resetMinute.default(DEFAULTS.period.resetMinute),
          resetDay: period.resetDay.default(DEFAULTS.period.resetDay),
        })
        .default(DEFAULTS.period),
      claimsPerPeriod: fields.claimsPerPeriod.default(1),
      claimsTotal: fields.claimsTotal.default(null),
      exclusiveGroup: fields.exclusiveGroup.default(null),
      condition: fields.condition.default(null),
      rewardSelection: fields.rewardSelection.default('ALL'),
      fulfillment: fields.fulfillment.default({ provider: MAILBOX }),
      parkedAfter: z
        .strictObject({
          action: parkedAfter.action,
          hours: parkedAfter.hours.default(DEFAULTS.parkedAfter.hours),
        })
        .default(DEFAULTS.parkedAfter),
      status: z.enum(['DRAFT', 'ACTIVE']).default('DRAFT'),
    })
    .openapi('NewEvent');
  const eventPatch = z
    .strictObject({
      ...fields,
      period: z.strictObject(period).partial(),
      parkedAfter: z.strictObject(parkedAfter).partial(),
      status: z.enum(EVENT_STATUSES),
    })
    .partial()
    .openapi('EventPatch');
  return { newEvent, eventPatch };
}

/** The body that clones an event. Its other fields are those of the event. */
export const EventClone = z
  .strictObject({
    title: trimmedText('LINE', [1, MAX_TITLE_LENGTH]).optional().openapi({
      description: 'The title of the event unless given.',
    }),
    startsAt: moment,
    endsAt: moment,
    claimUntil: moment.nullable().default(null).openapi({ description: 'Null for `endsAt`.' }),
  })
  .openapi('EventClone');

/** The body that adds units to a stock, or takes some away. */
export const Restock = z
  .strictObject({
    add: z.int().min(-MAX_UNITS).max(MAX_UNITS).openapi({
      description: 'Units to add. Below zero: units to take away, down to those held and granted.',
    }),
  })
  .openapi('Restock');

type NewEvent = z.output<ReturnType<typeof eventBodies>['newEvent']>;

/** The fields of a new event as the domain has them. */
export function toEventFields({ status: _, rewards, ...given }: NewEvent): EventFields {
  return {
    ...given,
    rewards: rewards.map(({ stock = null, ...reward }) => ({ ...reward, stock })),
  };
}

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

/** A stock: `stock = available + held + granted`. */
export const StockLevelsSchema = z
  .object({ rewardId: z.string(), stock: units, available: units, held: units, granted: units })
  .openapi('StockLevels');

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
