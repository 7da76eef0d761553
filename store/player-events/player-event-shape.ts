/** What a player event must look like, over HTTP and over Kafka. */
import { z } from 'zod';
import { type Gauges, KNOWN_BY_ITSELF } from '../../domain/conditions/metrics.ts';
import { DAY_MS, type PlayerEvent } from '../../domain/conditions/player-event.ts';
import { isExternalId, MAX_USER_ID_LENGTH, readExternalId } from '../../domain/external-id.ts';
import { textShape } from '../text-shape.ts';

/** What the configuration says about player events. */
export interface PlayerEventRules {
  /** How old a player event may be, in days. Its `id` is remembered for as long. */
  ttlDays: number;
  /** Metrics whose value is a state and not an amount. */
  gauges: Gauges;
  /** The names of the trusted issuers, for external IDs; none unless given. */
  issuers?: ReadonlySet<string>;
}

/** How far a game server's clock may be ahead, in milliseconds: such a time counts as now. */
export const MAX_AHEAD_MS = 5 * 60_000;

/** A value's limit, for whole numbers: sums stay exact, in whichever order they are added. */
const MAX_VALUE = 1_000_000_000;

/** A text of 1 to 128 characters. @param but what the message adds about the pattern */
const text = (pattern: RegExp, but = '') =>
  textShape('LINE', [1, 128]).regex(pattern, `Not 1 to 128 printable characters${but}`);

/** Visible text without control characters and spaces. */
const name = text(/^[^\s\p{C}]{1,128}$/u, ' without spaces');

const LONG_NAME = new RegExp(`^[^\\s\\p{C}]{1,${MAX_USER_ID_LENGTH}}$`, 'u');

/** A user's ID, or an external one. */
const userId = textShape('LINE', [1, MAX_USER_ID_LENGTH]).regex(
  LONG_NAME,
  `Not 1 to ${MAX_USER_ID_LENGTH} printable characters without spaces`,
);

/** Whether a text can be the ID of a sender. */
export const isId = (given: string): boolean => name.safeParse(given).success;

const shape = z.strictObject(
  {
    id: name,
    userId,
    // A condition cannot name a metric with a comma.
    metric: text(/^[^\s\p{C},]+$/u, ' without spaces and commas'),
    key: text(/^[^\p{C}]{1,128}$/u).optional(),
    value: z
      .int('Not a whole number')
      .min(-MAX_VALUE, 'Not a billion or less')
      .max(MAX_VALUE, 'Not a billion or less')
      .optional(),
    at: z.iso
      .datetime({ offset: true, error: 'Not a time as RFC 3339 writes it' })
      .transform((time) => new Date(time)),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'Not an object' : undefined) },
);

/** A player event that can be counted, or why it cannot. */
export type Checked = { event: PlayerEvent } | { message: string };

/** Checks one event of a batch. @param now when it arrived */
export function checkPlayerEvent(given: unknown, rules: PlayerEventRules, now: Date): Checked {
  const { success, data: event, error } = shape.safeParse(given);
  if (!success) return { message: messageOf(error.issues) };
  if (isExternalId(event.userId)) {
    const read = readExternalId(event.userId, rules.issuers ?? new Set());
    if ('fault' in read) return { message: `userId: ${read.fault}` };
  }
  const ageMs = now.getTime() - event.at.getTime();
  if (ageMs > rules.ttlDays * DAY_MS) {
    return { message: `at: More than ${rules.ttlDays} days ago` };
  }
  if (ageMs < -MAX_AHEAD_MS) return { message: 'at: In the future' };
  if (KNOWN_BY_ITSELF.includes(event.metric)) {
    return { message: `metric: ${event.metric} is what Laurel knows by itself` };
  }
  if (event.value === undefined && Object.hasOwn(rules.gauges, event.metric)) {
    return { message: `value: Missing, and ${event.metric} is a gauge` };
  }
  return { event: ageMs < 0 ? { ...event, at: now, sentAt: event.at } : event };
}

/** The faults, field by field. An unknown field's name is left out: it may be of any length. */
function messageOf(issues: readonly z.core.$ZodIssue[]): string {
  const words = issues.map(({ code, path, message }) => {
    if (code === 'unrecognized_keys') return 'There are fields that are not known';
    return path.length === 0 ? message : `${path.join('.')}: ${message}`;
  });
  return words.join('; ');
}
