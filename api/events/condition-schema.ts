/**
 * Conditions in bodies: their OpenAPI schemas, their validation leaf by leaf, and what surrounds one
 * in answers.
 */
import { z } from '@hono/zod-openapi';
import {
  COMPARATORS,
  CONDITION_WINDOWS,
  type Condition,
  DEEPEST,
  type Explained,
  MOST_LEAVES,
} from '../../domain/conditions/condition.ts';
import { conditionErrors, MOST } from '../../domain/conditions/condition-check.ts';
import type { Surroundings } from '../../domain/conditions/explanation.ts';

type Component = Record<string, unknown>;

const ref = (name: string): Component => ({ $ref: `#/components/schemas/${name}` });

const METRICS = `What is looked at:
- any name of a **counter**, such as \`quest.completed\`: how often, or how much, was counted. \`key\` counts that key alone, such as one quest;
- a **gauge** (\`GAUGES\` in the configuration; \`level\` by default): the highest or the latest value reported;
- \`login.streak\`: days in a row with a \`login\` activity, in the event's time zone and with its reset time, ending today or yesterday;
- \`account.ageDays\`: whole days of 24 hours since the player registered;
- \`event.granted\`: how many claims of the event whose ID is the \`key\` were granted to the player. It takes no \`atMost\`, as two claims at once would both pass: \`claimsTotal\` and \`exclusiveGroup\` of an event limit grants;
- \`time.between\`: 1 where the clocks of the event's time zone show a time within the \`key\`, else 0. The key is \`HH:MM-HH:MM\`, from the first minute until before the second, over midnight where the second is the earlier one: \`22:00-02:00\`; \`24:00\` may stand at its end.

What was never reported (a gauge, or a metric a provider does not mention) meets no comparison, so \`not\` of it holds.`;

const WINDOW = `Which of it counts. Counters count from \`startsAt\` on (\`EVENT\`) unless another window is named: \`PERIOD\` from the beginning of the claim's period, but not before \`startsAt\`; \`ALL_TIME\` whenever. Gauges, \`login.streak\` and \`event.granted\` tell how things stand, wherever that began, unless a window is named: then only what was reported, or granted, inside of it counts. \`account.ageDays\`, \`time.between\` and metrics of a provider take no window. All of it ends with the claim, or with \`endsAt\` for a claim made after that: what a player then does, reaches or grows into does not count. Grants of other events, the time of day and a provider's metrics are those of the claim's own moment.`;

const number = { type: 'number' };
const bound = { ...number, minimum: -MOST, maximum: MOST };

const LEAF_FIELDS = {
  metric: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    example: 'quest.completed',
    description: METRICS,
  },
  key: { type: 'string', minLength: 1, maxLength: 128, example: 'snow-1' },
  atLeast: bound,
  atMost: bound,
  equals: bound,
  window: { type: 'string', enum: [...CONDITION_WINDOWS], description: WINDOW },
  source: {
    type: 'string',
    default: 'progress',
    description:
      "`progress` is Laurel's own books, or the name of a configured provider, which is asked for the metric when the claim is checked.",
  },
};

const met = {
  type: ['boolean', 'null'],
  description: 'Null where it is not known: a provider has no answer now.',
};

/** `all`, `any` or `not` of such conditions; `also` are further fields, which are required. */
const children = (name: string, of: string, also: Component = {}): Component => ({
  type: 'object',
  required: [name, ...Object.keys(also)],
  additionalProperties: false,
  properties: {
    [name]:
      name === 'not'
        ? ref(of)
        : { type: 'array', minItems: 1, maxItems: MOST_LEAVES, items: ref(of) },
    ...also,
  },
});

/** The OpenAPI components of a condition and its explanation, which are recursive. */
export const CONDITION_COMPONENTS: Record<string, Component> = {
  Condition: {
    description: `At most ${MOST_LEAVES} leaves, ${DEEPEST} levels deep.`,
    oneOf: [
      ref('ConditionLeaf'),
      ...['all', 'any', 'not'].map((name) => children(name, 'Condition')),
    ],
  },
  ConditionLeaf: {
    type: 'object',
    description: 'Compares one number by exactly one of `atLeast`, `atMost` and `equals`.',
    required: ['metric'],
    additionalProperties: false,
    properties: LEAF_FIELDS,
    oneOf: COMPARATORS.map((name) => ({ required: [name], properties: { [name]: bound } })),
  },
  ExplainedCondition: {
    description: 'The condition as it is written, with what the player has.',
    oneOf: [
      {
        type: 'object',
        required: ['metric', 'have', 'need', 'met'],
        properties: {
          ...LEAF_FIELDS,
          have: {
            type: ['number', 'null'],
            description: 'Null for what was never reported, or is not known.',
          },
          need: number,
          met,
        },
      },
      ...['all', 'any', 'not'].map((name) => children(name, 'ExplainedCondition', { met })),
    ],
  },
};

const orNull = (name: string): Component => ({ anyOf: [ref(name), { type: 'null' }] });

/** A condition in an answer; null for none. */
export const ConditionSchema: z.ZodType<Condition | null> = z.any().openapi(orNull('Condition'));

/** A condition with what the player has, in an answer. */
export const ExplainedSchema: z.ZodType<Explained> = z.any().openapi(ref('ExplainedCondition'));

/** The same, or null for an event without a condition. */
export const MaybeExplainedSchema: z.ZodType<Explained | null> = z
  .any()
  .openapi(orNull('ExplainedCondition'));

/**
 * A condition in a request; null for none. Each mistake is reported at its own place. Its texts
 * become NFC, as those of player events do, so that a key means the same in both.
 * @param isSource whether a leaf may name this provider as its source
 */
export function conditionFor(isSource: (name: string) => boolean): z.ZodType<Condition | null> {
  return z
    .any()
    .superRefine((value: unknown, context) => {
      if (value === null) return;
      for (const { pointer, message } of conditionErrors(value, isSource)) {
        context.addIssue({ code: 'custom', message, path: pathOf(pointer) });
      }
    })
    .transform(inNfc)
    .openapi(orNull('Condition'));
}

function inNfc(condition: Condition | null): Condition | null {
  const normal = (_: string, value: unknown) =>
    typeof value === 'string' ? value.normalize('NFC') : value;
  return JSON.parse(JSON.stringify(condition), normal);
}

/** The parts of a JSON pointer (RFC 6901, section 4). */
function pathOf(pointer: string): string[] {
  const tokens = pointer.split('/').slice(1);
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const time = z.iso.datetime();

/**
 * What surrounds a condition in answers: the windows, the period, what is left. To be spread into a
 * schema.
 */
export const SURROUNDINGS = {
  window: z.object({ startsAt: time, endsAt: time, claimableUntil: time }).openapi({
    description:
      'What is done from `startsAt` until before `endsAt` counts; claims are taken until before ' +
      '`claimableUntil`.',
  }),
  period: z
    .object({
      key: z.string().openapi({ example: '2026-11-22' }),
      startsAt: time.nullable().openapi({ description: 'Null for `ONCE`.' }),
      endsAt: time.nullable().openapi({
        description:
          'When the next one begins; null where none does: for `ONCE`, and for the last of the ' +
          'play window.',
      }),
    })
    .openapi({
      description:
        'The period that the claim is in; after the play window, the last one of that window.',
    }),
  rewards: z.array(
    z.object({
      rewardId: z.string(),
      available: z.int().nullable().openapi({ description: 'Units left; null for unlimited.' }),
    }),
  ),
};

/** The fields of an answer for `SURROUNDINGS`. */
export function toSurroundingsBody({ window, period, rewards }: Surroundings) {
  return {
    window: {
      startsAt: window.startsAt.toISOString(),
      endsAt: window.endsAt.toISOString(),
      claimableUntil: window.claimableUntil.toISOString(),
    },
    period: {
      key: period.key,
      startsAt: period.startsAt?.toISOString() ?? null,
      endsAt: period.endsAt?.toISOString() ?? null,
    },
    rewards,
  };
}
