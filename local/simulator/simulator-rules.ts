/** Rules for the simulated game's misbehaviour, and their decision on one call. */
import crypto from 'node:crypto';
import { z } from 'zod';

/** The calls of the provider contract that a rule can apply to. */
export type Verb = 'grant' | 'lookup' | 'revoke' | 'metrics';

const ms = z.number().int().min(0).max(3_600_000);
const chance = z.number().min(0).max(1).default(0);
const verbs = z.array(z.enum(['grant', 'lookup', 'revoke', 'metrics'])).min(1);
const refusal = z.number().int().min(400).max(499);
const isNotNow = (status: number) => [408, 409, 425, 429].includes(status);

const common = z.strictObject({
  /** A rule applies to calls that match all of these. Without any it applies to every call. */
  userId: z.string().optional(),
  eventId: z.string().optional(),
  lineId: z.string().optional(),
  grantId: z.string().optional(),
  /** How many calls it applies to. Unlimited if absent. */
  times: z.number().int().min(1).optional(),
  /** Delay of the answer, after the call has done its work. */
  delayMs: ms.optional(),
});
/** Rules that can apply to any call. Only to grants by default. */
const anyVerb = common.extend({ on: verbs.default(['grant']) });

const ruleShape = z.discriminatedUnion('do', [
  /** The answer is only delayed. */
  anyVerb.extend({ do: z.literal('delay'), delayMs: ms }),
  /** The call does nothing and is answered with this status. */
  anyVerb.extend({
    do: z.literal('fail'),
    status: z.number().int().min(200).max(599).default(503),
    /** The value of `Retry-After`: seconds or an HTTP date. */
    retryAfter: z.string().max(64).optional(),
  }),
  /** The call does nothing and its connection is cut. */
  anyVerb.extend({ do: z.literal('dropBeforeGrant') }),
  /** The call does its work, and its connection is cut instead of an answer. */
  anyVerb.extend({ do: z.literal('dropAfterGrant') }),
  /** The grant is refused for good. */
  common.extend({
    do: z.literal('refuse'),
    status: refusal.refine((s) => !isNotNow(s), 'means "later", use fail').default(403),
  }),
  /** The grant is answered 202 and ends later. */
  common.extend({
    do: z.literal('pending'),
    /** Null: the grant never ends by itself. */
    settleAfterMs: ms.nullable().default(null),
    outcome: z.enum(['GRANTED', 'REFUSED']).default('GRANTED'),
    /** Whether a callback is sent at the end. */
    callback: z.boolean().default(true),
  }),
  /** The grant takes effect late, whether or not the caller still waits. */
  common.extend({ do: z.literal('applyLate'), applyAfterMs: ms }),
  /** The revoke is answered 409. */
  common.extend({ do: z.literal('refuseRevoke') }),
  /** Random misbehaviour. Each decision depends only on seed, grant, verb and attempt. */
  common.omit({ delayMs: true }).extend({
    do: z.literal('mix'),
    on: verbs.default(['grant', 'lookup', 'revoke']),
    seed: z.union([z.string(), z.number()]),
    refuse: chance,
    fail: chance,
    dropBeforeGrant: chance,
    dropAfterGrant: chance,
    pending: chance,
    /** How long a randomly pending grant stays pending. */
    settleAfterMs: ms.nullable().default(200),
    /** The shortest and the longest delay of an answer. */
    delayMs: z.tuple([ms, ms]).default([0, 0]),
  }),
]);

/** One rule, or several at once. */
export const rulesShape = z.union([ruleShape, z.array(ruleShape).max(1_000)]);
export type RuleInput = z.input<typeof ruleShape>;
type Rule = z.output<typeof ruleShape>;
type Mix = Extract<Rule, { do: 'mix' }>;

/** What one call does. `normal` is what the contract says. */
export type Behaviour = { delayMs: number } & (
  | { do: 'normal' | 'dropBeforeGrant' | 'dropAfterGrant' | 'refuseRevoke' }
  | { do: 'fail'; status: number; retryAfter?: string | undefined }
  | { do: 'refuse'; status: number }
  | {
      do: 'pending';
      settleAfterMs: number | null;
      outcome: 'GRANTED' | 'REFUSED';
      callback: boolean;
    }
  | { do: 'applyLate'; applyAfterMs: number }
);

/**
 * One call as rules see it. Player and event are unknown for a grant that was never posted. A call for
 * metrics has only a player: its grant and line are empty.
 */
interface Call {
  verb: Verb;
  grantId: string;
  lineId: string;
  userId?: string | undefined;
  eventId?: string | undefined;
}

export interface Rules {
  /** Adds rules at the end. The first rule that fits a call applies. @throws ZodError */
  add(rules: RuleInput | RuleInput[]): void;
  /** Removes all rules, or those that name this event. */
  clear(eventId?: string): void;
  /** Decides on one call, and counts it as an attempt and against the rule's `times`. */
  decide(call: Call): Behaviour;
}

/** An empty list of rules. */
export function createRules(): Rules {
  let rules: { rule: Rule; left: number }[] = [];
  const attempts = new Map<string, number>();

  return {
    add(given) {
      const parsed = rulesShape.parse(given);
      const more = Array.isArray(parsed) ? parsed : [parsed];
      rules.push(...more.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY })));
    },
    clear(eventId) {
      rules = rules.filter(({ rule }) => eventId !== undefined && rule.eventId !== eventId);
    },
    decide(call) {
      const key = `${call.verb} ${call.grantId || call.userId}`;
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      const found = rules.find(({ rule, left }) => left > 0 && fits(rule, call));
      if (!found) return { do: 'normal', delayMs: 0 };
      found.left -= 1;
      return behaviourOf(found.rule, call, attempt);
    },
  };
}

function fits(rule: Rule, call: Call): boolean {
  const named = (['userId', 'eventId', 'lineId', 'grantId'] as const).every(
    (name) => rule[name] === undefined || rule[name] === call[name],
  );
  return named && verbsOf(rule).includes(call.verb);
}

function verbsOf(rule: Rule): Verb[] {
  if ('on' in rule) return rule.on;
  return [rule.do === 'refuseRevoke' ? 'revoke' : 'grant'];
}

function behaviourOf(rule: Rule, call: Call, attempt: number): Behaviour {
  if (rule.do === 'mix') return byChance(rule, call, attempt);
  const delayMs = rule.delayMs ?? 0;
  return rule.do === 'delay' ? { do: 'normal', delayMs } : { ...rule, delayMs };
}

/** A random behaviour that is the same for the same seed, grant, verb and attempt. */
function byChance(mix: Mix, call: Call, attempt: number): Behaviour {
  const facts = JSON.stringify([mix.seed, call.verb, call.grantId || call.userId, attempt]);
  const hash = crypto.createHash('sha256').update(facts).digest();
  const [least, most] = mix.delayMs;
  const delayMs = Math.round(least + (most - least) * fraction(hash, 4));

  let roll = fraction(hash, 0);
  const happens = (chance: number) => {
    roll -= chance;
    return roll < 0;
  };
  if (happens(mix.fail)) return { do: 'fail', status: 503, delayMs };
  if (happens(mix.dropBeforeGrant)) return { do: 'dropBeforeGrant', delayMs };
  if (happens(mix.dropAfterGrant)) return { do: 'dropAfterGrant', delayMs };
  if (call.verb !== 'grant') return { do: 'normal', delayMs };
  if (happens(mix.refuse)) return { do: 'refuse', status: 403, delayMs };
  if (!happens(mix.pending)) return { do: 'normal', delayMs };
  const { settleAfterMs } = mix;
  return { do: 'pending', settleAfterMs, outcome: 'GRANTED', callback: true, delayMs };
}

/** Four bytes of a hash as a number from 0 to 1, without 1. */
function fraction(hash: Buffer, offset: number): number {
  return hash.readUInt32BE(offset) / 2 ** 32;
}
