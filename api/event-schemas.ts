/** What an operator may send for an event: field by field, with the defaults of the contract. */
import { z } from '@hono/zod-openapi';
import { REWARD_KINDS } from '../domain/claim.ts';
import {
  EVENT_STATUSES,
  type EventFields,
  PARKED_ACTIONS,
  REWARD_SELECTIONS,
} from '../domain/event.ts';
import { isTimeZone, PERIOD_KINDS } from '../domain/period.ts';
import { conditionFor } from './condition-schema.ts';
import { text, trimmedText } from './text.ts';
import { moment } from './times.ts';

const MAX_TITLE_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 5_000;
const MAX_REWARDS = 20;
const MAX_UNITS = 1_000_000_000;
const MAX_CLAIMS_PER_PERIOD = 100;
/** A year. */
const MAX_PARKED_HOURS = 8_760;
const DEFAULT_PARKED_HOURS = 24;

const units = (min: number) => z.int().min(min).max(MAX_UNITS);

const period = {
  kind: z.enum(PERIOD_KINDS),
  timeZone: z
    .string()
    .refine(isTimeZone, 'Not the name of an IANA time zone')
    .openapi({ example: 'Asia/Seoul' }),
  resetHour: z.int().min(0).max(23),
};

const parkedAfter = {
  action: z.enum(PARKED_ACTIONS),
  hours: z.int().min(1).max(MAX_PARKED_HOURS),
};

const reward = z.strictObject({
  rewardId: z.string().regex(/^[a-z0-9_-]{1,64}$/, 'Only 1 to 64 of a–z, 0–9, _ and -'),
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
    claimUntil: moment,
    claimsPerPeriod: z.int().min(1).max(MAX_CLAIMS_PER_PERIOD),
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

export interface ProviderNames {
  /** Whether a name is that of a fulfilment provider. */
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
      claimUntil: fields.claimUntil
        .optional()
        .openapi({ description: '`endsAt` where it is left out.' }),
      period: z
        .strictObject({
          kind: period.kind,
          timeZone: period.timeZone.default('UTC'),
          resetHour: period.resetHour.default(0),
        })
        .default({ kind: 'ONCE', timeZone: 'UTC', resetHour: 0 }),
      claimsPerPeriod: fields.claimsPerPeriod.default(1),
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
export function toEventFields({ status: _, claimUntil, rewards, ...given }: NewEvent): EventFields {
  return {
    ...given,
    claimUntil: claimUntil ?? given.endsAt,
    rewards: rewards.map(({ stock = null, ...reward }) => ({ ...reward, stock })),
  };
}
