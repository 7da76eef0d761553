/** The claim in the API's answers: its schema, and how it is made from the record. */
import { z } from '@hono/zod-openapi';
import {
  CLAIM_STATES,
  LINE_STATES,
  REASONS,
  REWARD_KINDS,
  STEPS,
} from '../../domain/claims/claim.ts';
import { isStaff } from '../../domain/user.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import type { AuthenticatedUser } from '../api-env.ts';
import { ExplainedSchema, SURROUNDINGS, toSurroundingsBody } from '../events/condition-schema.ts';
import { ForStaffSchema, toForStaff } from './claim-for-staff.ts';
import { claimStreamUrl, claimUrl } from './claim-url.ts';

const time = z.iso.datetime();

const Line = z
  .object({
    lineId: z.string(),
    kind: z.enum(REWARD_KINDS),
    name: z.string(),
    quantity: z.int(),
    state: z.enum(LINE_STATES),
    grantedAt: time.nullable(),
  })
  .openapi('ClaimLine');

const Step = z
  .object({
    step: z.enum(STEPS),
    outcome: z.enum(['OK', 'SKIPPED', 'REFUSED', 'FAILED', 'PARKED', 'STOPPED']),
    startedAt: time,
    endedAt: time,
    attempts: z.int(),
    detail: z.string().nullable(),
  })
  .openapi('ClaimStep');

const ClaimExplanation = z
  .object({
    condition: ExplainedSchema,
    judgedFor: time.openapi({ description: 'The moment of the claim’s acceptance.' }),
    ...SURROUNDINGS,
  })
  .openapi('ClaimExplanation');

/** The explanation of a claim that was refused for its condition; others show none. */
function toExplanationBody({ reason, explanation }: Claim): Pick<ClaimBody, 'explanation'> {
  if (reason !== 'CONDITION_NOT_MET' || !explanation) return {};
  const { condition, judgedFor } = explanation;
  const surroundings = toSurroundingsBody(explanation);
  return { explanation: { condition, judgedFor: judgedFor.toISOString(), ...surroundings } };
}

export const ClaimSchema = z
  .object({
    claimId: z.string(),
    eventId: z.string(),
    userId: z.string(),
    idempotencyKey: z.string(),
    periodKey: z.string(),
    state: z.enum(CLAIM_STATES),
    reason: z.enum(REASONS).nullable(),
    lines: z.array(Line),
    steps: z.array(Step),
    explanation: ClaimExplanation.optional().openapi({
      description: 'Why a claim was refused as `CONDITION_NOT_MET`; others have none.',
    }),
    forStaff: ForStaffSchema.optional(),
    version: z.int().openapi({ description: 'Only grows; the event ID of the stream.' }),
    acceptedAt: time,
    createdAt: time,
    updatedAt: time,
    links: z.object({
      self: z.string(),
      stream: z.string(),
      workflow: z
        .string()
        .optional()
        .openapi({ description: "Staff only: its runs in Temporal's Web UI." }),
    }),
  })
  .openapi('Claim');
export type ClaimBody = z.infer<typeof ClaimSchema>;

/** Temporal's Web UI, for the links that staff get. */
export interface WebUi {
  url: string;
  namespace: string;
}

/** A link to the Web UI's list of the claim's runs, the latest first: there may be several. */
function runsLink({ url, namespace }: WebUi, claim: Claim): string {
  const query = `WorkflowId="${workflowIdOf(claim.userId, claim.idempotencyKey)}"`;
  const base = url.replace(/\/+$/, '');
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}`;
}

/**
 * The claim as this reader sees it.
 * @param webUi for the link to its runs, which only staff get; undefined where it is not known
 */
export function toClaimBody(
  claim: Claim,
  reader: Pick<AuthenticatedUser, 'role'>,
  webUi: WebUi | undefined,
): ClaimBody {
  return {
    claimId: claim._id,
    eventId: claim.eventId,
    userId: claim.userId,
    idempotencyKey: claim.idempotencyKey,
    periodKey: claim.periodKey,
    state: claim.state,
    reason: claim.reason,
    lines: claim.lines.map(({ lineId, kind, name, quantity, state, grantedAt }) => ({
      lineId,
      kind,
      name,
      quantity,
      state,
      grantedAt: grantedAt?.toISOString() ?? null,
    })),
    steps: claim.steps,
    ...toExplanationBody(claim),
    ...(isStaff(reader.role) && { forStaff: toForStaff(claim) }),
    version: claim.version,
    acceptedAt: claim.acceptedAt.toISOString(),
    createdAt: claim.createdAt.toISOString(),
    updatedAt: claim.updatedAt.toISOString(),
    links: {
      self: claimUrl(claim._id),
      stream: claimStreamUrl(claim._id),
      ...(webUi && isStaff(reader.role) && { workflow: runsLink(webUi, claim) }),
    },
  };
}
