/** What surrounds a condition in answers: the event's windows, the period, what is left. */
import { z } from '@hono/zod-openapi';
import type { Surroundings } from '../../domain/conditions/explanation.ts';

const time = z.iso.datetime();

/** The fields, to be spread into a schema. */
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

/** The fields of an answer. */
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
