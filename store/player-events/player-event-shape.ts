/** What an activity event must look like, by whichever road it comes. */
import { z } from 'zod';
import { type Gauges, KNOWN_BY_ITSELF } from '../../domain/conditions/metrics.ts';
import { type ActivityEvent, DAY_MS } from '../../domain/conditions/player-event.ts';
import { textShape } from '../text-shape.ts';

export interface ActivityRules {
  /** How old an activity may be, in days: its `id` is remembered for as long. */
  ttlDays: number;
  /** Metrics whose value is a state. */
  gauges: Gauges;
}

/** How far ahead of ours a game server's clock may be, in milliseconds: such a time counts as now. */
export const MAX_AHEAD_MS = 5 * 60_000;

/** A billion at most, and whole: sums stay exact, and the same in whichever order they are made. */
const MAX_VALUE = 1_000_000_000;

const NAME_LENGTH = [1, 128] as const;

/** Text that is seen: no control characters, and at a name's ends and inside it no space. */
const name = textShape('LINE', NAME_LENGTH).regex(
  /^[^\s\p{C}]{1,128}$/u,
  'Not 1 to 128 printable characters without spaces',
);

/** Whether a text can be the ID of whoever sends an activity. */
export const isId = (text: string): boolean => name.safeParse(text).success;

const shape = z.strictObject(
  {
    id: name,
    userId: name,
    // No condition can name one with a comma, so that it would never be seen.
    metric: textShape('LINE', NAME_LENGTH).regex(
      /^[^\s\p{C},]+$/u,
      'Not 1 to 128 printable characters without spaces and commas',
    ),
    key: textShape('LINE', NAME_LENGTH)
      .regex(/^[^\p{C}]{1,128}$/u, 'Not 1 to 128 printable characters')
      .optional(),
    value: z
      .int('Not a whole number')
      .min(-MAX_VALUE, 'Not a billion or less')
      .max(MAX_VALUE, 'Not a billion or less')
      .optional(),
    at: z.iso
      .datetime({ offset: true, error: 'Not a time as RFC 3339 writes it' })
      .transform((text) => new Date(text)),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'Not an object' : undefined) },
);

/** An event that can be counted, or why it cannot. */
type Checked = { event: ActivityEvent } | { message: string };

/** Reads one event as it came. `now` is the moment of its arrival. */
export function checkActivity(given: unknown, rules: ActivityRules, now: Date): Checked {
  const { success, data: event, error } = shape.safeParse(given);
  if (!success) return { message: messageOf(error.issues) };
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

/** Field by field; what an unknown field is called is not said, as it may be of any length. */
function messageOf(issues: readonly z.core.$ZodIssue[]): string {
  const words = issues.map(({ code, path, message }) => {
    if (code === 'unrecognized_keys') return 'There are fields that are not known';
    return path.length === 0 ? message : `${path.join('.')}: ${message}`;
  });
  return words.join('; ');
}
