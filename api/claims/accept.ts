/**
 * S0: from a request to a recorded claim, or the reason why not. The steps are in
 * `accept-steps.ts`, what they decide by in `claim-draft.ts`. Only `accept` throws: the API answers
 * a refusal like any other.
 */
import { DomainError } from '../../domain/errors.ts';
import {
  type AcceptDeps,
  type Accepted,
  earlierOf,
  markFirst,
  type Result,
  readDraft,
  recordAndHold,
  refusalBeforeRecord,
  refusalNow,
  refused,
  type StepDeps,
} from './accept-steps.ts';
import { createRecordQueue } from './admission/admission.ts';
import type { FairQueue } from './admission/fair-queue.ts';
import { shareReads } from './admission/shared-reads.ts';
import { createSoldOut } from './admission/sold-out.ts';
import type { ClaimRequest } from './claim-draft.ts';

interface AcceptanceOptions extends Partial<Pick<StepDeps, 'holdsEarly'>> {
  /** The queue for a record slot. */
  records?: FairQueue;
  onHoldFailure?: StepDeps['onHoldFailure'];
}

/** Reads of the event for one claim: an operator may change it between a read and the mark. */
const MAX_READS = 5;

/** The lane of the record queue: all who want the same units, to be recalled together. */
function laneOf(of: { eventId: string; rewardId: string | null }): string {
  return of.rewardId === null ? of.eventId : `${of.eventId}/${of.rewardId}`;
}

/** Accepting claims in one process, which remembers what it has seen sold out. */
export function createAcceptance(deps: AcceptDeps, options: AcceptanceOptions = {}) {
  const { records = createRecordQueue(), holdsEarly = true, onHoldFailure } = options;
  const { events, stock } = deps.store;
  const soldOut = createSoldOut(stock, (of) => records.recall(laneOf(of)));
  const readEvent = shareReads(
    (eventId: string) => eventId,
    (eventId: string) => events.get(eventId),
  );
  const stepDeps = { ...deps, soldOut, readEvent, holdsEarly, onHoldFailure };

  return {
    /**
     * Records the claim, or finds the one its key stands for. A refusal leaves the key unused.
     * Right before a refusal the key is looked up once more: the twin of a request in flight must
     * get the claim, and not `already_claimed` or `sold_out`.
     * @throws DomainError the refusal
     */
    async accept(request: ClaimRequest): Promise<Accepted> {
      const result = await acceptQueued(stepDeps, records, request);
      const twin = result.state === 'REFUSED' ? await earlierOf(stepDeps, request) : null;
      const answer = twin ?? result;
      if (answer.state === 'ACCEPTED') return answer.accepted;
      throw answer.refusal;
    },
  };
}

/** Accepts the claim in a record slot. What is seen sold out is refused without one. */
async function acceptQueued(
  deps: StepDeps,
  records: FairQueue,
  request: ClaimRequest,
): Promise<Result> {
  for (;;) {
    const refusal = deps.soldOut.isSeen(request) ? await refusalNow(deps, request) : null;
    if (refusal) return refused(refusal);
    // A replay does not wait. With a free slot this look is spared: the record finds the replay.
    const earlier = records.isFull() ? await earlierOf(deps, request) : null;
    if (earlier) return earlier;
    const queued = await records.run(laneOf(request), async () =>
      // Maybe seen sold out after the look above and before this one waited: then nobody recalled
      // it.
      deps.soldOut.isSeen(request) ? null : await acceptNow(deps, request),
    );
    if (queued.state === 'TURNED_AWAY') return queued;
    if (queued.state === 'DONE' && queued.value) return queued.value;
    // Seen sold out before it had a slot: look again.
  }
}

/** The steps of one claim, in order. */
async function acceptNow(deps: StepDeps, request: ClaimRequest): Promise<Result> {
  for (let reads = 0; reads < MAX_READS; reads++) {
    const draft = await readDraft(deps, request);
    if (draft instanceof DomainError) return refused(draft);
    const refusal = await refusalBeforeRecord(deps, request, draft);
    if (refusal) return refused(refusal);
    const mark = await markFirst(deps, request, draft);
    if (mark === 'CHANGED') continue;
    if (mark !== 'MARKED') return mark;
    return await recordAndHold(deps, request, draft.claim);
  }
  const detail = 'The event is being changed. Try again.';
  return refused(new DomainError('unavailable', detail, { retryAfterS: 1 }));
}
