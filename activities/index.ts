/** The activities of a claim. */
import type { Reason, Step } from '../domain/claims/claim.ts';
import type { ClaimRef } from '../workflows/contract.ts';
import { type AdvanceRequest, advance } from './advance.ts';
import { checkCondition, showChecking } from './check-condition.ts';
import type { ActivityDeps } from './deps.ts';
import { grantLine, type LineRef, type LineRequest, lookupLine } from './grant-line.ts';
import {
  type ParkingRef,
  type ParkRequest,
  park,
  readParkingOutcome,
  type UnparkRequest,
  unpark,
  whyStopped,
} from './parking.ts';
import { type SettleRequest, settle } from './settle.ts';
import {
  beginUndo,
  finishUndo,
  releaseHolds,
  revokeLine,
  type UndoEnd,
  type UndoRequest,
} from './undo.ts';

export type Activities = ReturnType<typeof createActivities>;

/**
 * Binds the activities to what they depend on. The keys are the activities' names in Temporal:
 * recorded histories name them, so a key never changes.
 */
export function createActivities(deps: ActivityDeps) {
  return {
    advance: (request: AdvanceRequest) => advance(deps, request),
    showChecking: (claim: ClaimRef) => showChecking(deps, claim),
    checkCondition: (claim: ClaimRef) => checkCondition(deps, claim),
    grantLine: (request: LineRequest) => grantLine(deps, request),
    lookupLine: (request: LineRef) => lookupLine(deps, request),
    settle: (request: SettleRequest) => settle(deps, request),
    park: (request: ParkRequest) => park(deps, request),
    readVerdict: (request: ParkingRef) => readParkingOutcome(deps, request),
    unpark: (request: UnparkRequest) => unpark(deps, request),
    whyStopped: (claim: ClaimRef) => whyStopped(deps, claim),
    beginUndo: (claim: ClaimRef, reason: Reason, since: Step[]) =>
      beginUndo(deps, claim, reason, since),
    revokeLine: (request: LineRef) => revokeLine(deps, request),
    releaseHolds: (request: UndoRequest) => releaseHolds(deps, request),
    finishUndo: (end: UndoEnd) => finishUndo(deps, end),
  };
}
