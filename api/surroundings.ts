/** The windows around a condition, as the API shows them. */
import { z } from '@hono/zod-openapi';
import type { Surroundings } from '../domain/explanation.ts';

const time = z.iso.datetime();

export const SURROUNDINGS = {
  window: z
    .object({ startsAt: time, claimUntil: time })
    .openapi({ description: 'Claims are taken from `startsAt` until before `claimUntil`.' }),
  period: z
    .object({
      key: z.string().openapi({ example: '2026-11-22' }),
      startsAt: time.nullable(),
      endsAt: time.nullable().openapi({ description: 'When it turns over; null for `ONCE`.' }),
    })
    .openapi({ description: 'The period that the claim is in.' }),
  rewards: z.array(
    z.object({
      rewardId: z.string(),
      available: z.int().nullable().openapi({ description: 'Units left; null for unlimited.' }),
    }),
  ),
};

export function toSurroundingsBody({ window, period, rewards }: Surroundings) {
  return {
    window: {
      startsAt: window.startsAt.toISOString(),
      claimUntil: window.claimUntil.toISOString(),
    },
    period: {
      key: period.key,
      startsAt: period.startsAt?.toISOString() ?? null,
      endsAt: period.endsAt?.toISOString() ?? null,
    },
    rewards,
  };
}
