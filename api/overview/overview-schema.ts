/** The overview in the API's answers: its schema. */
import { z } from '@hono/zod-openapi';
import { CLAIM_STATES, REASONS } from '../../domain/claims/claim.ts';

/** What asks for a person. */
const ATTENTION = [
  'CLAIMS_PARKED',
  'STOCK_DOES_NOT_ADD_UP',
  'RECONCILIATION_LATE',
  'RECONCILIATION_FAILED',
] as const;
export type Attention = (typeof ATTENTION)[number];

const count = z.int().min(0);
const time = z.iso.datetime();

const ParkedGroup = z.object({
  reason: z.enum(REASONS).nullable(),
  eventId: z.string(),
  provider: z.string(),
  count,
  oldestAt: time.openapi({ description: 'When the first of them was created.' }),
});

const Parked = z.object({
  count,
  oldestAt: time.nullable().openapi({ description: 'Null for none, and where `groups` is null.' }),
  groups: z.array(ParkedGroup).nullable().openapi({
    description: 'By cause, the largest first, 100 at most; null where there are too many claims.',
  }),
});

const Reconciliation = z.object({
  lastRun: z
    .object({
      startedAt: time,
      endedAt: time,
      failures: count.openapi({ description: 'What could not be done in this run.' }),
      unbalanced: count.openapi({ description: 'Stock buckets that did not add up.' }),
    })
    .nullable()
    .openapi({ description: 'Null where none ran in a week.' }),
  isLate: z.boolean().openapi({ description: 'Three runs or more should have ended since.' }),
  addsUp: z.boolean().openapi({
    description:
      'False if the last run found a stock that does not add up, or the live events have one.',
  }),
});

const ByState = z.partialRecord(z.enum(CLAIM_STATES), count).nullable();

const Provider = z.object({
  provider: z.string(),
  parked: count.nullable().openapi({ description: 'Null where they are too many to be counted.' }),
  oldestParkedAt: time.nullable(),
  lastHour: ByState.openapi({ description: 'As `claims.states`, of this provider.' }),
});

const units = z.int().min(0);

const LiveReward = z.object({
  rewardId: z.string(),
  name: z.string(),
  stock: units.nullable().openapi({ description: 'Null for unlimited.' }),
  available: units.nullable().openapi({
    description:
      'As `held` and `granted` null for unlimited, and beyond a thousand limited rewards in all.',
  }),
  held: units.nullable(),
  granted: units.nullable(),
  grantedLately: units.nullable().openapi({
    description:
      'Units granted in the last ten minutes; null where they cannot be counted in time.',
  }),
  perMinute: z.number().min(0).nullable().openapi({
    description: 'The rate of that, over what of the ten minutes the event was open.',
  }),
  emptyAt: time.nullable().openapi({
    description: 'When the units run out at this rate; null where they do not, or are gone.',
  }),
});

const LiveEvent = z.object({
  eventId: z.string(),
  title: z.string(),
  startsAt: time,
  endsAt: time,
  claimableUntil: time,
  timeZone: z.string(),
  provider: z.string(),
  rewards: z.array(LiveReward),
});

export const OverviewSchema = z
  .object({
    at: time.openapi({ description: 'The moment this is said for.' }),
    attention: z
      .array(z.enum(ATTENTION))
      .openapi({ description: 'What needs a person now; empty where nothing does.' }),
    parked: Parked,
    reconciliation: Reconciliation,
    providers: z.array(Provider),
    events: z.array(LiveEvent).openapi({ description: 'Those that take claims, newest first.' }),
    moreEvents: z.boolean().openapi({ description: 'There are more live events than are shown.' }),
    claims: z.object({
      since: time,
      states: ByState.openapi({
        description:
          'The claims created since then, by the state they are in; null where they are too many.',
      }),
      reasons: z
        .array(z.object({ state: z.enum(CLAIM_STATES), reason: z.enum(REASONS), count }))
        .nullable(),
    }),
  })
  .openapi('Overview');

export type Overview = z.infer<typeof OverviewSchema>;
