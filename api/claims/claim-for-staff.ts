/** What only staff see of a claim: what happens next, what it is judged by, and its parking. */
import { z } from '@hono/zod-openapi';
import { grantIdOf, isFinal, type Line, REASONS, STEPS } from '../../domain/claims/claim.ts';
import { PARKED_ACTIONS } from '../../domain/events/event.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { parseTraceparent } from '../../tracing/traceparent.ts';
import { ConditionSchema, SURROUNDINGS } from '../events/condition-schema.ts';

const HOUR_MS = 3_600_000;
const time = z.iso.datetime();

/** What a claim does next. Those with `PARKED` wait for a person. */
const NEXT = [
  'NOTHING',
  'VALIDATE',
  'CHECK_CONDITION',
  'RESERVE',
  'ASK_PROVIDER',
  'SETTLE',
  'UNDO',
  'PARKED_UNTIL_DECIDED',
  'PARKED_THEN_RETRY',
  'PARKED_THEN_ABORT',
  'RETRY',
  'ABORT',
] as const;
type Next = { what: (typeof NEXT)[number]; at: string | null };

const Parking = z.object({
  number: z.int().openapi({ description: 'Counts the stays of this claim, from 1.' }),
  reason: z.enum(REASONS),
  detail: z.string(),
  step: z.enum(STEPS),
  at: time,
  decision: z
    .object({
      action: z.enum(['RETRY', 'ABORT']),
      note: z.string().nullable(),
      by: z.string(),
      at: time,
    })
    .nullable(),
});

export const ForStaffSchema = z
  .object({
    next: z.object({
      what: z.enum(NEXT).openapi({
        description:
          'What happens next. `PARKED_THEN_RETRY` and `PARKED_THEN_ABORT`: by itself, unless an ' +
          'admin decides before `at`; `RETRY` and `ABORT`: an admin has decided so.',
      }),
      at: time.nullable().openapi({ description: 'When, where that is known.' }),
    }),
    judgedBy: z
      .object({
        eventVersion: z.int(),
        provider: z.string(),
        window: SURROUNDINGS.window,
        period: SURROUNDINGS.period.nullable().openapi({
          description: 'The bounds of the claim’s period; null for an event without a condition.',
        }),
        condition: ConditionSchema,
        parkedAfter: z.object({ action: z.enum(PARKED_ACTIONS), hours: z.number() }),
      })
      .openapi({ description: 'The event as it was when the claim was accepted.' }),
    lines: z.array(
      z.object({
        lineId: z.string(),
        grantId: z.string().openapi({ description: 'Its ID at the provider.' }),
        providerSaid: z.string().nullable().openapi({
          description: 'Why it is not granted, as its provider or our call to it said.',
        }),
      }),
    ),
    parking: Parking.nullable().openapi({ description: 'The last one; null if it never was.' }),
    traceId: z
      .string()
      .optional()
      .openapi({ description: 'Its trace, where tracing was on when it was accepted.' }),
  })
  .openapi('ClaimForStaff', { description: 'Staff only.' });
type ForStaff = z.infer<typeof ForStaffSchema>;

/** What the claim does next, and when where that is known. */
export function nextOf({ state, fate, parking, snapshot }: Claim): Next {
  if (isFinal(state)) return { what: 'NOTHING', at: null };
  if (state === 'NEEDS_ATTENTION' && parking) {
    if (parking.decision) return { what: parking.decision.action, at: null };
    const { action, hours } = snapshot.parkedAfter;
    if (action === 'WAIT') return { what: 'PARKED_UNTIL_DECIDED', at: null };
    const at = new Date(parking.at.getTime() + hours * HOUR_MS).toISOString();
    return { what: `PARKED_THEN_${action}`, at };
  }
  if (fate === 'UNDO' || state === 'COMPENSATING') return { what: 'UNDO', at: null };
  if (fate === 'GRANT') return { what: 'SETTLE', at: null };
  return { what: NEXT_IN_STATE[state] ?? 'VALIDATE', at: null };
}

const NEXT_IN_STATE: Partial<Record<Claim['state'], Next['what']>> = {
  CHECKING_CONDITIONS: 'CHECK_CONDITION',
  RESERVING_STOCK: 'RESERVE',
  FULFILLING: 'ASK_PROVIDER',
};

/** Why a line is not granted; null where nothing was said about it. */
function saidAbout({ lineId, state }: Line, { parking, steps }: Claim): string | null {
  if (state === 'GRANTED') return null;
  const asked = steps.find(({ step }) => step === 'S4_FULFIL');
  if (asked?.outcome === 'REFUSED') return asked.detail;
  return parking?.lineIds.includes(lineId) ? parking.detail : null;
}

function judgedBy({ snapshot }: Claim): ForStaff['judgedBy'] {
  const { eventVersion, provider, condition, parkedAfter } = snapshot;
  const { action, hours } = parkedAfter;
  const period = condition?.period;
  return {
    eventVersion,
    provider,
    window: {
      startsAt: snapshot.startsAt.toISOString(),
      endsAt: snapshot.endsAt.toISOString(),
      claimableUntil: snapshot.claimableUntil.toISOString(),
    },
    period: period
      ? {
          key: period.key,
          startsAt: period.startsAt?.toISOString() ?? null,
          endsAt: period.endsAt?.toISOString() ?? null,
        }
      : null,
    condition: condition?.tree ?? null,
    parkedAfter: { action, hours },
  };
}

function parkingBody(parking: Claim['parking']): ForStaff['parking'] {
  if (!parking) return null;
  const { number, reason, detail, step, at, decision } = parking;
  const decided = decision && { ...decision, at: decision.at.toISOString() };
  return { number, reason, detail, step, at: at.toISOString(), decision: decided };
}

/** The part of a claim's answer that only staff get. */
export function toForStaff(claim: Claim): ForStaff {
  const trace = parseTraceparent(claim.traceparent);
  return {
    next: nextOf(claim),
    judgedBy: judgedBy(claim),
    lines: claim.lines.map((line) => ({
      lineId: line.lineId,
      grantId: grantIdOf(claim._id, line.lineId),
      providerSaid: saidAbout(line, claim),
    })),
    parking: parkingBody(claim.parking),
    ...(trace?.isSampled && { traceId: trace.traceId }),
  };
}
