/** The activities of a claim, bound to what they need. Their keys are their names in Temporal. */
import type { Reason, Step } from '../domain/claim.ts';
import { checkCondition, showChecking } from './conditions.ts';
import type { ActivityDeps } from './deps.ts';
import { grantLine, type LineRequest, lookupLine } from './fulfil.ts';
import {
  type ParkRequest,
  park,
  readVerdict,
  type UnparkRequest,
  unpark,
  whyStopped,
} from './parking.ts';
import { reserve } from './reserve.ts';
import { type SettleRequest, settle } from './settle.ts';
import { grantShort } from './short-way.ts';
import {
  beginUndo,
  finishUndo,
  giveBackEntitlement,
  releaseHolds,
  revokeLine,
  type UndoEnd,
  type UndoRequest,
} from './undo.ts';
import { validate } from './validate.ts';

export type Activities = ReturnType<typeof createActivities>;

type LineId = { claimId: string; lineId: string };
type ParkingId = { claimId: string; number: number };

export function createActivities(deps: ActivityDeps) {
  return {
    grantShort: (claimId: string) => grantShort(deps, claimId),
    validate: (claimId: string) => validate(deps, claimId),
    showChecking: (claimId: string) => showChecking(deps, claimId),
    checkCondition: (claimId: string) => checkCondition(deps, claimId),
    reserve: (claimId: string, since: Step[]) => reserve(deps, claimId, since),
    grantLine: (request: LineRequest) => grantLine(deps, request),
    lookupLine: (request: LineId) => lookupLine(deps, request),
    settle: (request: SettleRequest) => settle(deps, request),
    park: (request: ParkRequest) => park(deps, request),
    readVerdict: (request: ParkingId) => readVerdict(deps, request),
    unpark: (request: UnparkRequest) => unpark(deps, request),
    whyStopped: (claimId: string) => whyStopped(deps, claimId),
    beginUndo: (claimId: string, reason: Reason, since: Step[]) =>
      beginUndo(deps, claimId, reason, since),
    revokeLine: (request: LineId) => revokeLine(deps, request),
    releaseHolds: (request: UndoRequest) => releaseHolds(deps, request),
    giveBackEntitlement: (request: UndoRequest) => giveBackEntitlement(deps, request),
    finishUndo: (end: UndoEnd) => finishUndo(deps, end),
  };
}
