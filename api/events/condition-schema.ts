/** Conditions in bodies: their OpenAPI schemas, and their validation leaf by leaf. */
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

const children = (name: string, of: string): Component => ({
  type: 'object',
  required: [name],
  additionalProperties: false,
  properties: {
    [name]:
      name === 'not'
        ? ref(of)
        : { type: 'array', minItems: 1, maxItems: MOST_LEAVES, items: ref(of) },
  },
});

const met = {
  type: ['boolean', 'null'],
  description: 'Null where it is not known: a provider has no answer now.',
};

const explained = (name: string): Component => {
  const { required, properties, ...rest } = children(name, 'ExplainedCondition') as {
    required: string[];
    properties: Component;
  };
  return { ...rest, required: [...required, 'met'], properties: { ...properties, met } };
};

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
      ...['all', 'any', 'not'].map(explained),
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
