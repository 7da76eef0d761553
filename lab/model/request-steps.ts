/** How each operation is answered and what it does at once, by `http-api.md`. One step is atomic. */
import type { EventStatus } from '../../domain/events/event.ts';
import { give, isFinal, newClaim, refuse } from './claim-steps.ts';
import { faultOf, isStubborn } from './game-faults.ts';
import type { Operation } from './operations.ts';
import {
  type Claim,
  claimName,
  type Event,
  isSoldOut,
  isUsedUp,
  type Line,
  named,
  type Request,
  type Reward,
  stockLevelsOf,
  type World,
  withClaim,
  withEvent,
} from './world.ts';

type ClaimOperation = Extract<Operation, { do: 'claim' }>;
type Of<D extends Operation['do']> = Extract<Operation, { do: D }>;

/** The world in which these operations have just been sent, all at once. */
export function sent(world: World, operations: readonly Operation[]): World {
  const requests = operations.map((operation): Request => {
    return { operation, stage: 'SENT', answer: '' };
  });
  return { ...world, requests };
}

/** The worlds that a request's next step can lead to. Empty once it is answered. */
export function requestSteps(world: World, index: number): World[] {
  const request = world.requests[index];
  if (!request || request.stage === 'ANSWERED') return [];
  const { operation } = request;
  if (operation.do === 'claim') return claimSteps(world, index, operation, request.stage);
  const [answer, after] = done(world, operation);
  return [answered(after, index, answer)];
}

function moved(world: World, index: number, change: Partial<Request>): World {
  const requests = world.requests.map((r, i) => (i === index ? { ...r, ...change } : r));
  return { ...world, requests };
}

const answered = (world: World, index: number, answer: string): World =>
  moved(world, index, { stage: 'ANSWERED', answer });

/** The order of checks: 401, an earlier claim with the same key, the refusals, then the record. */
function claimSteps(
  world: World,
  index: number,
  operation: ClaimOperation,
  stage: Request['stage'],
): World[] {
  const { player, key, event } = operation;
  const name = claimName(player, key);
  if (stage === 'SENT') {
    return named(world.players, player) === 'ACTIVE'
      ? [moved(world, index, { stage: 'LET_IN' })]
      : [answered(world, index, '401 unauthenticated')];
  }
  if (stage === 'HOLDING') return [hold(world, index, name)];
  if (stage === 'REJECTED') return [answered(withReleased(world, name), index, '200')];
  const earlier = world.claims[name];
  if (earlier) return [answered(world, index, replay(earlier, operation))];
  if (stage === 'LET_IN') {
    const refusal = refusalOf(world, operation);
    if (refusal !== null) return [answered(world, index, refusal)];
    // From here on the event is frozen, even if no claim is recorded.
    const acceptable = withEvent(moved(world, index, { stage: 'ACCEPTABLE' }), event, (e) => {
      e.isClaimed = true;
    });
    // The API may or may not remember yet that the event is sold out, so both answers are allowed.
    return isAnySoldOut(world, operation)
      ? [answered(world, index, '409 sold_out'), acceptable]
      : [acceptable];
  }
  if (isUsedUp(world, event, player)) return [answered(world, index, '409 already_claimed')];
  return [moved(recorded(world, operation), index, { stage: 'HOLDING' })];
}

/** Holds the units of one line after the other. Once all are held, the run starts. */
function hold(world: World, index: number, name: string): World {
  const claim = named(world.claims, name);
  const at = claim.lines.findIndex((line) => line.isLimited && line.units === 'NONE');
  const wanted = claim.lines[at];
  if (!wanted) {
    const started = withClaim(world, name, (now) => {
      now.isStarted = true;
    });
    return answered(started, index, '202');
  }
  const { rewards } = named(world.events, claim.event);
  const reward = rewards.find(({ rewardId }) => rewardId === wanted.rewardId);
  if (reward && isSoldOut(world, claim.event, reward)) {
    return moved(withRejected(world, name), index, { stage: 'REJECTED' });
  }
  return withClaim(world, name, ({ lines }) => {
    const line = lines[at];
    if (line) line.units = 'HELD';
  });
}

/** The claim is final and its entitlement is given back. Its holds are released in a later step. */
function withRejected(world: World, name: string): World {
  return withClaim(world, name, (claim) => {
    const held = claim.lines.map(({ units }) => units);
    refuse('SOLD_OUT')(claim);
    for (const [i, line] of claim.lines.entries()) line.units = held[i] ?? 'NONE';
  });
}

function withReleased(world: World, name: string): World {
  return withClaim(world, name, ({ lines }) => {
    for (const line of lines) line.units = 'NONE';
  });
}

function replay(earlier: Claim, { event, choice }: ClaimOperation): string {
  if (earlier.event !== event || earlier.choice !== choice) return '422 idempotency_key_reused';
  return isFinal(earlier.state) ? '200 replayed' : '202 replayed';
}

function refusalOf(world: World, { player, event: name, choice }: ClaimOperation): string | null {
  const event = named(world.events, name);
  if (event.status === 'DELETED' || event.status === 'DRAFT') return '404 not_found';
  const wanted = wantedOf(event, choice);
  if (wanted === null) return '400 invalid_request';
  if (named(world.players, player) !== 'ACTIVE') return '403 user_not_active';
  if (event.status !== 'ACTIVE') return '409 event_not_open';
  return isUsedUp(world, name, player) ? '409 already_claimed' : null;
}

function isAnySoldOut(world: World, { event, choice }: ClaimOperation): boolean {
  const wanted = wantedOf(named(world.events, event), choice) ?? [];
  return wanted.some((reward) => isSoldOut(world, event, reward));
}

/** The rewards that a claim is for. Null if its choice does not fit the event. */
function wantedOf({ selection, rewards }: Event, choice: string | null): Reward[] | null {
  if (selection === 'ALL') return choice === null ? rewards : null;
  const chosen = rewards.filter((reward) => reward.rewardId === choice);
  return chosen.length === 1 ? chosen : null;
}

function recorded(world: World, operation: ClaimOperation): World {
  const { player, key, event: name, choice } = operation;
  const event = named(world.events, name);
  const wanted = wantedOf(event, choice) ?? [];
  const lines = wanted.map((reward, i) => lineOf(reward, operation, i));
  const isAsked = event.provider === 'game';
  const claim = newClaim({ player, event: name, choice, isAsked }, lines);
  return { ...world, claims: { ...world.claims, [claimName(player, key)]: claim } };
}

function lineOf(
  { rewardId, quantity, stock }: Reward,
  { fault }: ClaimOperation,
  index: number,
): Line {
  return {
    rewardId,
    quantity,
    isLimited: stock !== null,
    units: 'NONE',
    atProvider: 'NEVER_SEEN',
    given: 0,
    known: 'NOTHING',
    tries: index === 0 ? [...faultOf(fault).tries] : [],
    isStubborn: isStubborn(fault, index),
    isKept: false,
  };
}

/** The answer and the world after an operation that takes one step. */
function done(world: World, operation: Exclude<Operation, ClaimOperation>): [string, World] {
  switch (operation.do) {
    case 'set status': {
      const { player, status } = operation;
      return ['200', { ...world, players: { ...world.players, [player]: status } }];
    }
    case 'set stock':
      return changed(world, operation, (event) => setStock(world, event, operation));
    case 'set claims per period':
      return changed(world, operation, (event) => setClaimsPerPeriod(event, operation));
    case 'move event':
      return changed(world, operation, (event) => move(event, operation.to));
    case 'delete event':
      return changed(world, operation, remove);
    case 'decide':
      return decide(world, operation);
    case 'decide on all':
      return decideOnAll(world, operation);
    case 'settle':
      return ['', settle(world, operation)];
    case 'restart workers':
      return ['', world];
  }
}

/** The answer and the world after an operator's change of an event. A refusal changes nothing. */
function changed(
  world: World,
  { event: name }: { event: string },
  change: (event: Event) => string,
): [string, World] {
  if (named(world.events, name).status === 'DELETED') return ['404 not_found', world];
  let answer = '';
  const after = withEvent(world, name, (event) => {
    answer = change(event);
  });
  return answer.startsWith('2') ? [answer, after] : [answer, world];
}

/** A stock may be raised freely, and lowered to what is held and granted. */
function setStock(world: World, event: Event, asked: Of<'set stock'>): string {
  const reward = event.rewards.find((r) => r.rewardId === asked.rewardId);
  if (!reward) throw new Error(`The model has no reward ${asked.rewardId}`);
  const { held, granted } = stockLevelsOf(world, asked.event, reward);
  if (asked.stock < held + granted) return '409 conflict';
  reward.stock = asked.stock;
  return '200';
}

function setClaimsPerPeriod(
  event: Event,
  { claimsPerPeriod }: Of<'set claims per period'>,
): string {
  if (event.isClaimed && claimsPerPeriod !== event.claimsPerPeriod) return '409 conflict';
  event.claimsPerPeriod = claimsPerPeriod;
  return '200';
}

/** The changes of an event's status that are allowed. */
const NEXT_STATUS: { readonly [S in EventStatus]: readonly EventStatus[] } = {
  DRAFT: ['ACTIVE'],
  ACTIVE: ['PAUSED', 'ENDED'],
  PAUSED: ['ACTIVE', 'ENDED'],
  ENDED: [],
};

function move(event: Event, to: EventStatus): string {
  const from = event.status as EventStatus;
  if (from !== to && !NEXT_STATUS[from].includes(to)) return '409 invalid_transition';
  event.status = to;
  return '200';
}

function remove(event: Event): string {
  if (event.status !== 'DRAFT') return '409 conflict';
  event.status = 'DELETED';
  return '204';
}

/** Only a parked claim can be decided on, and the first decision counts. */
function decide(world: World, { claim: name, action }: Of<'decide'>): [string, World] {
  const { state, decision } = named(world.claims, name);
  if (state !== 'NEEDS_ATTENTION' || (decision !== null && decision !== action)) {
    return ['409 invalid_transition', world];
  }
  return ['202', withDecision(world, name, action)];
}

function withDecision(world: World, name: string, action: 'RETRY' | 'ABORT'): World {
  return withClaim(world, name, (claim) => {
    claim.decision = action;
  });
}

function decideOnAll(world: World, { event, action }: Of<'decide on all'>): [string, World] {
  const parked = Object.entries(world.claims)
    .filter(([, claim]) => claim.event === event && claim.state === 'NEEDS_ATTENTION')
    .map(([name]) => name);
  const after = parked.reduce((now, name) => withDecision(now, name, action), world);
  return [`202, then ${parked.length} of ${parked.length} done`, after];
}

/** A grant that is no longer pending does not change. */
function settle(world: World, { claim: name, outcome }: Of<'settle'>): World {
  return withClaim(world, name, ({ lines }) => {
    for (const line of lines.filter((l) => l.atProvider === 'PENDING')) {
      if (outcome === 'GRANTED') give(line);
      else line.atProvider = 'REFUSED';
    }
  });
}
