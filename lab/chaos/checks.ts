/**
 * The promises that must hold after the healing, as pure functions of the facts. Each returns what
 * differs: nothing if the promise was kept.
 */
import { grantIdOf, isFinal, type Line, parseGrantId } from '../../domain/claims/claim.ts';
import { wantedEntitlements } from '../../domain/claims/entitlements.ts';
import { isMailbox } from '../../domain/claims/fulfillment.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { Facts, SetEvent } from './facts.ts';
import type { Story } from './players.ts';

export interface Difference {
  /** The promise that was broken. */
  rule: keyof typeof RULES;
  /** The claim it is about. Null if it is not about one. */
  claimId: string | null;
  what: string;
}

type Check = (facts: Facts) => Omit<Difference, 'rule'>[];

const of = (claimId: string | null, what: string) => ({ claimId, what });

const byId = (facts: Facts) => new Map(facts.claims.map((claim) => [claim._id, claim]));

/** The lines that the player keeps. */
const kept = (claim: Claim): Line[] => claim.lines.filter((line) => line.state === 'GRANTED');

/** Every claim that a player got an ID for is recorded, as it was asked for. */
function lost(facts: Facts) {
  const claims = byId(facts);
  return facts.stories.flatMap((story) => {
    const ids = [...new Set(story.told.map((told) => told.claimId))];
    const twins = ids.length > 1 ? [of(null, `the key ${story.key} stands for ${ids}`)] : [];
    const wrong = ids.filter((id) => !isFor(claims.get(id), story));
    return [...twins, ...wrong.map((id) => of(id, `accepted for ${story.key}, not on record so`))];
  });
}

function isFor(claim: Claim | undefined, story: Story): boolean {
  return (
    claim !== undefined &&
    claim.userId === story.userId &&
    claim.eventId === story.eventId &&
    claim.rewardId === story.rewardId &&
    claim.idempotencyKey === story.key
  );
}

/** Every recorded claim is final, and no workflow of one still runs. */
function open(facts: Facts) {
  const claims = facts.claims
    .filter((claim) => !isFinal(claim.state) || claim.open || claim.endedAt === null)
    .map((claim) => of(claim._id, `is ${claim.state}`));
  return [...claims, ...facts.runsLeft.map((id) => of(null, `the workflow ${id} still runs`))];
}

/** A final state that was answered to a player never changed. */
function changed(facts: Facts) {
  const claims = byId(facts);
  const told = facts.stories.flatMap((story) => story.told);
  return told.flatMap(({ claimId, state, reason }) => {
    const claim = claims.get(claimId);
    if (!claim || !isFinal(state as Claim['state'])) return [];
    if (claim.state === state && claim.reason === reason) return [];
    const now = `${claim.state} / ${claim.reason}`;
    return [of(claimId, `its player was told ${state} / ${reason}, and it is ${now}`)];
  });
}

/** A claim's state agrees with the states of its lines. */
function contradicting(facts: Facts) {
  return facts.claims.flatMap((claim) => {
    const { state, reason, fate, lines } = claim;
    const count = kept(claim).length;
    const isAll = count === lines.length;
    const fits =
      state === 'GRANTED'
        ? isAll && fate === 'GRANT' && reason === null
        : fate === 'UNDO' && count > 0 === (reason === 'COMPENSATION_FAILED');
    if (fits || !isFinal(state)) return [];
    const told = `${state} / ${reason}, fate ${fate}`;
    return [of(claim._id, `${told}, with ${count} of ${lines.length} lines granted`)];
  });
}

/** No player got a reward twice: not for one line, and not by more claims than the events allow. */
function twice(facts: Facts) {
  const lines = facts.ledger
    .filter(({ applied }) => applied > 1)
    .map((g) => of(claimIn(g.grantId), `${g.grantId} was given ${g.applied} times`));
  const events = new Map(facts.events.map((event) => [event.eventId, event]));
  const served = Map.groupBy(
    facts.claims
      .filter((claim) => kept(claim).length > 0)
      .flatMap((claim) => rightsOf(claim, events).map((slots) => ({ claim, slots }))),
    ({ claim, slots }) => `${slots[0]} of ${claim.userId}`,
  );
  const rights = [...served].flatMap(([right, had]) => {
    const allowed = had[0]?.slots.length ?? 0;
    if (had.length <= allowed) return [];
    const ids = had.map(({ claim }) => claim._id);
    return [of(ids[0] ?? null, `${right} was had ${ids.length} times, by ${ids}`)];
  });
  return [...lines, ...rights];
}

/** The entitlements that the claim needs. An event's limits are frozen by its first claim. */
function rightsOf(claim: Claim, events: ReadonlyMap<string, SetEvent>): string[][] {
  const event = events.get(claim.eventId);
  return event ? wantedEntitlements(event, claim.periodKey) : [];
}

const claimIn = (grantId: string): string | null => parseGrantId(grantId)?.claimId ?? null;

/** Everything that the game gave, or has not decided on, is a granted line of ours. */
function unknownToUs(facts: Facts) {
  const claims = byId(facts);
  return facts.ledger.flatMap(({ grantId, state, asked }) => {
    if (state !== 'GRANTED' && state !== 'PENDING') return [];
    const { claimId, lineId } = parseGrantId(grantId) ?? { claimId: grantId, lineId: '' };
    const claim = claims.get(claimId);
    const line = claim?.lines.find((l) => l.lineId === lineId);
    if (!claim || !line) return [of(claimId, `the game gave ${grantId}: unknown`)];
    const isTheSame =
      !isMailbox(claim.snapshot.provider) &&
      asked?.userId === claim.userId &&
      asked.eventId === claim.eventId &&
      asked.reward.rewardId === lineId &&
      asked.reward.quantity === line.quantity;
    if (state === 'GRANTED' && line.state === 'GRANTED' && isTheSame) return [];
    const theirs = `${state} ${JSON.stringify(asked)}`;
    return [of(claimId, `${lineId} is ${theirs} at the game, ${line.state} with us`)];
  });
}

/** Every granted line of ours was given by the game, or is of our own mailbox. */
function notGiven(facts: Facts) {
  const states = new Map(facts.ledger.map(({ grantId, state }) => [grantId, state]));
  return facts.claims
    .filter(({ snapshot }) => !isMailbox(snapshot.provider))
    .flatMap((claim) =>
      kept(claim).flatMap(({ lineId }) => {
        const state = states.get(grantIdOf(claim._id, lineId)) ?? 'never seen';
        if (state === 'GRANTED') return [];
        return [of(claim._id, `${lineId} is GRANTED with us, ${state} at the game`)];
      }),
    );
}

/** Players are shown each of their granted lines once, and nothing else. A mailbox is these lines. */
function misshown(facts: Facts) {
  const granted = new Map(
    facts.claims.flatMap((claim) =>
      kept(claim).map((line) => {
        const grantId = grantIdOf(claim._id, line.lineId);
        return [grantId, [claim.userId, claim.eventId, line.quantity].join('/')] as const;
      }),
    ),
  );
  const wrong = facts.shown.flatMap(({ grantId, userId, eventId, quantity }) => {
    const is = granted.get(grantId);
    granted.delete(grantId);
    if (is === [userId, eventId, quantity].join('/')) return [];
    return [of(claimIn(grantId), `${grantId} of ${userId} is shown as granted`)];
  });
  const missing = [...granted.keys()].map((id) => of(claimIn(id), `${id} is not shown`));
  return [...wrong, ...missing];
}

/** In every bucket `stock = available + granted`, and nothing is held. */
function unbalanced(facts: Facts) {
  const meanwhile = facts.unbalanced.map((id) => of(null, `${id} did not add up meanwhile`));
  const now = facts.buckets.flatMap(({ _id, stock, available, granted, holds, quantity }) => {
    const held = holds.length * quantity;
    const adds = stock === available + held + granted && available >= 0 && granted >= 0;
    const sum = `stock ${stock}, available ${available}, held ${held}, granted ${granted}`;
    if (adds && held === 0) return [];
    return [of(claimIn(holds[0] ?? ''), `${_id}: ${sum}; holds ${holds}`)];
  });
  return [...meanwhile, ...now];
}

/** A reward's granted units are those of its granted lines, and its stock is what operators set. */
function miscounted(facts: Facts) {
  return facts.events.flatMap(({ eventId, rewards }) =>
    rewards.flatMap(({ rewardId, stock }) => {
      if (stock === null) return [];
      const own = facts.buckets.filter((b) => b.eventId === eventId && b.rewardId === rewardId);
      const lines = facts.claims
        .filter((claim) => claim.eventId === eventId)
        .flatMap((claim) => kept(claim).filter((line) => line.lineId === rewardId));
      const counted = { stock: sum(own, 'stock'), granted: sum(own, 'granted') };
      const units = sum(lines, 'quantity');
      const name = `${eventId}/${rewardId}`;
      return [
        ...(counted.stock === stock
          ? []
          : [of(null, `${name}: ${counted.stock}, set to ${stock}`)]),
        ...(counted.granted === units
          ? []
          : [of(null, `${name}: ${counted.granted} booked as granted, ${units} in claims`)]),
      ];
    }),
  );
}

function sum<K extends string>(items: readonly Record<K, number>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}

/**
 * A claim with a granted line has one slot of each entitlement it needs, and no other claim of the
 * player has that slot. A claim without a granted line has none. A claim that finds no free slot is
 * not recorded at all.
 */
function misentitled(facts: Facts) {
  const events = new Map(facts.events.map((event) => [event.eventId, event]));
  const holders = new Map<string, string>();
  return facts.claims.flatMap((claim) => {
    const { _id, userId, state, reason, entitlements } = claim;
    const has = entitlements ?? [];
    const wrong: string[] = [];
    if (reason === 'ALREADY_CLAIMED') wrong.push('recorded without an entitlement');
    if (kept(claim).length === 0 && entitlements) wrong.push(`${state}, and keeps ${has}`);
    if (kept(claim).length > 0 && !hasOneOfEach(has, rightsOf(claim, events))) {
      wrong.push(`${state}, with ${has.length > 0 ? has : 'no entitlement'}`);
    }
    for (const entitlement of has) {
      const other = holders.get(`${userId} ${entitlement}`);
      if (other !== undefined) wrong.push(`${entitlement} of ${userId} is also that of ${other}`);
      holders.set(`${userId} ${entitlement}`, _id);
    }
    return wrong.map((what) => of(_id, what));
  });
}

function hasOneOfEach(has: readonly string[], rights: readonly string[][]): boolean {
  const ofRights = rights.map((slots) => slots.filter((slot) => has.includes(slot)));
  return has.length === rights.length && ofRights.every(({ length }) => length === 1);
}

/** An outage is answered with 503. A 500 is a bug of ours. */
const failing = (facts: Facts) => facts.internalErrors.map((error) => of(null, error));

/** Reconciliation completed two passes after the healing. */
const unreconciled = ({ isReconciled }: Facts) =>
  isReconciled ? [] : [of(null, 'there were not two whole passes after the healing')];

const tampered = ({ auditBroken }: Facts) => (auditBroken === null ? [] : [of(null, auditBroken)]);

/** The promises as a report names them, each with its check. */
const RULES = {
  'no accepted claim is lost': lost,
  'every claim is final': open,
  'a final state never changes': changed,
  'a claim and its lines tell one story': contradicting,
  'nothing is granted twice': twice,
  'what a provider gave is in our books': unknownToUs,
  'what is in our books was given': notGiven,
  'players are shown what was granted': misshown,
  'stock = available + held + granted, held = 0': unbalanced,
  'stock and grants are counted right': miscounted,
  'entitlements are those of granted claims': misentitled,
  'reconciliation gets through': unreconciled,
  'an outage is a 503, never a 500': failing,
  'the audit log is whole': tampered,
} satisfies Record<string, Check>;

/** The names of all promises. */
export const RULE_NAMES = Object.keys(RULES) as Difference['rule'][];

/** Runs all checks, and returns everything that differs. */
export function check(facts: Facts): Difference[] {
  return RULE_NAMES.flatMap((rule) => RULES[rule](facts).map((found) => ({ rule, ...found })));
}
