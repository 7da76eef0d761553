/** The activities of a claim. */
import { advance } from './advance.ts';
import { checkCondition, showChecking } from './check-condition.ts';
import type { ActivityDeps } from './deps.ts';
import { grantLine, lookupLine } from './grant-line.ts';
import { park, readParkingOutcome, unpark, whyStopped } from './parking.ts';
import { settle } from './settle.ts';
import { beginUndo, finishUndo, releaseHolds, revokeLine } from './undo.ts';

export type Activities = ReturnType<typeof createActivities>;

/**
 * Binds the activities to what they depend on. The keys are the activities' names in Temporal:
 * recorded histories name them, so a key never changes.
 */
export function createActivities(deps: ActivityDeps) {
  return {
    advance: advance.bind(null, deps),
    showChecking: showChecking.bind(null, deps),
    checkCondition: checkCondition.bind(null, deps),
    grantLine: grantLine.bind(null, deps),
    lookupLine: lookupLine.bind(null, deps),
    settle: settle.bind(null, deps),
    park: park.bind(null, deps),
    readVerdict: readParkingOutcome.bind(null, deps),
    unpark: unpark.bind(null, deps),
    whyStopped: whyStopped.bind(null, deps),
    beginUndo: beginUndo.bind(null, deps),
    revokeLine: revokeLine.bind(null, deps),
    releaseHolds: releaseHolds.bind(null, deps),
    finishUndo: finishUndo.bind(null, deps),
  };
}
