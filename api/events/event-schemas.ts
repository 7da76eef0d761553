/** What an operator may send for an event: field by field, with the defaults of the contract. */
import { z } from '@hono/zod-openapi';
import { REWARD_KINDS } from '../../domain/claims/claim.ts';
import {
  EVENT_STATUSES,
  type EventFields,
  PARKED_ACTIONS,
  REWARD_SELECTIONS,
} from '../../domain/events/event.ts';
import { PERIOD_KINDS, timeZoneNamed, WEEKDAYS } from '../../domain/events/period.ts';
import { text, trimmedText } from '../http/text.ts';
import { moment } from '../http/times.ts';
import { conditionFor } from './condition-schema.ts';

const MAX_TITLE_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 5_000;
const MAX_REWARDS = 20;
const MAX_UNITS = 1_000_000_000;
const MAX_CLAIMS_PER_PERIOD = 100;
const MAX_CLAIMS_TOTAL = 1_000;
/** A year. */
const MAX_PARKED_HOURS = 8_760;
const DEFAULT_PARKED_HOURS = 24;

const units = (min: number) => z.int().min(min).max(MAX_UNITS);

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
  quantity: units(1).openapi({ description: 'Units one claim gives.' }),
  stock: units(0).nullable().optional().openapi({
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
        .openapi({ example: 'mailbox' }),
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
 * The bodies of `POST /api/events` and `PATCH /api/events/{eventId}`. Whether fields fit each other
 * is the domain's to say.
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
          timeZone: period.timeZone.default('UTC'),
          resetHour: period.resetHour.default(0),
          resetMinute: period.resetMinute.default(0),
          resetDay: period.resetDay.default('MONDAY'),
        })
        .default({
          kind: 'ONCE',
          timeZone: 'UTC',
          resetHour: 0,
          resetMinute: 0,
          resetDay: 'MONDAY',
        }),
      claimsPerPeriod: fields.claimsPerPeriod.default(1),
      claimsTotal: fields.claimsTotal.default(null),
      exclusiveGroup: fields.exclusiveGroup.default(null),
      condition: fields.condition.default(null),
      rewardSelection: fields.rewardSelection.default('ALL'),
      fulfillment: fields.fulfillment.default({ provider: 'mailbox' }),
      parkedAfter: z
        .strictObject({
          action: parkedAfter.action,
          hours: parkedAfter.hours.default(DEFAULT_PARKED_HOURS),
        })
        .default({ action: 'WAIT', hours: DEFAULT_PARKED_HOURS }),
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

type NewEvent = z.output<ReturnType<typeof eventBodies>['newEvent']>;

/** The fields of a new event as the domain has them. */
export function toEventFields({ status: _, rewards, ...given }: NewEvent): EventFields {
  return {
    ...given,
    rewards: rewards.map(({ stock = null, ...reward }) => ({ ...reward, stock })),
  };
}
