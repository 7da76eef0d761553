/**
 * What must hold once everything is healed: pure functions over the facts. Each answers what differs;
 * nothing where the promise was kept.
 */
import { grantIdOf, isFinal, type Line, parseGrantId } from '../domain/claim.ts';
import type { Claim } from '../store/claims.ts';
import type { Facts } from './facts.ts';
import type { Story } from './players.ts';

export interface Difference {
  /** The promise that was broken. */
  rule: keyof typeof RULES;
  /** The claim it is about, where it is about one. */
  claimId: string | null;
  what: string;
}

/** What a provider gave, in its own words: the game's ledger and the mailbox alike. */
interface Given {
  grantId: string;
  provider: string;
  state: string;
  times: number;
  asked: { userId: string; eventId: string; rewardId: string; quantity: number } | null;
}

type Check = (facts: Facts) => Omit<Difference, 'rule'>[];

const of = (claimId: string | null, what: string) => ({ claimId, what });

const byId = (facts: Facts) => new Map(facts.claims.map((claim) => [claim._id, claim]));

/** The lines that the player keeps. */
const kept = (claim: Claim): Line[] => claim.lines.filter((line) => line.state === 'GRANTED');

const GAME = 'simulator';

function given(facts: Facts): Given[] {
  const inGame = facts.ledger.map(({ grantId, state, applied, asked }): Given => {
    const { userId = '', eventId = '', reward } = asked ?? {};
    const what = reward && { rewardId: reward.rewardId, quantity: reward.quantity };
    const full = what ? { userId, eventId, ...what } : null;
    return { grantId, provider: GAME, state, times: applied, asked: full };
  });
  const inMail = facts.mail.map(({ _id, state, userId = '', eventId = '', reward }): Given => {
    const what = reward && { rewardId: reward.rewardId, quantity: reward.quantity };
    const full = what ? { userId, eventId, ...what } : null;
    // One document is one mail: a second grant finds its place taken.
    return { grantId: _id, provider: 'mailbox', state, times: full ? 1 : 0, asked: full };
  });
  return [...inGame, ...inMail];
}

/** Every claim that a player was told of is on record, as it was asked for. */
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

/** Every claim on record is final, and no workflow of one still runs. */
function open(facts: Facts) {
  const claims = facts.claims
    .filter((claim) => !isFinal(claim.state) || claim.open || claim.endedAt === null)
    .map((claim) => of(claim._id, `is ${claim.state}`));
  return [...claims, ...facts.runsLeft.map((id) => of(null, `the workflow ${id} still runs`))];
}

/** A final state that a player was told never changed. */
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

/** A claim's state and its lines tell the same story. */
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

/** No player got a reward twice: neither for one line, nor by more claims than a period allows. */
function twice(facts: Facts) {
  const lines = given(facts)
    .filter(({ times }) => times > 1)
    .map((g) => of(claimIn(g.grantId), `${g.grantId} was given ${g.times} times`));
  const served = Map.groupBy(
    facts.claims.filter((claim) => kept(claim).length > 0),
    (claim) => `${claim.eventId}/${claim.userId}/${claim.periodKey}`,
  );
  const periods = [...served].flatMap(([period, claims]) => {
    const allowed = claims[0]?.snapshot.claimsPerPeriod ?? 0;
    if (claims.length <= allowed) return [];
    const ids = claims.map((claim) => claim._id);
    return [of(ids[0] ?? null, `${period} was served ${claims.length} times, by ${ids}`)];
  });
  return [...lines, ...periods];
}

const claimIn = (grantId: string): string | null => parseGrantId(grantId)?.claimId ?? null;

/** Everything that a provider gave, or has not decided on, is a line granted in our books. */
function unknownToUs(facts: Facts) {
  const claims = byId(facts);
  return given(facts).flatMap((g) => {
    if (g.state !== 'GRANTED' && g.state !== 'PENDING') return [];
    const { claimId, lineId } = parseGrantId(g.grantId) ?? { claimId: g.grantId, lineId: '' };
    const claim = claims.get(claimId);
    const line = claim?.lines.find((l) => l.lineId === lineId);
    if (!claim || !line) return [of(claimId, `the ${g.provider} gave ${g.grantId}: unknown`)];
    const isTheSame =
      g.provider === claim.snapshot.provider &&
      g.asked?.userId === claim.userId &&
      g.asked.eventId === claim.eventId &&
      g.asked.rewardId === lineId &&
      g.asked.quantity === line.quantity;
    if (g.state === 'GRANTED' && line.state === 'GRANTED' && isTheSame) return [];
    const theirs = `${g.state} ${JSON.stringify(g.asked)}`;
    return [of(claimId, `${lineId} is ${theirs} at the ${g.provider}, ${line.state} with us`)];
  });
}

/** Every line granted in our books was given by its provider. */
function notGiven(facts: Facts) {
  const states = new Map(given(facts).map((g) => [`${g.provider} ${g.grantId}`, g.state]));
  return facts.claims.flatMap((claim) =>
    kept(claim).flatMap(({ lineId }) => {
      const { provider } = claim.snapshot;
      const state = states.get(`${provider} ${grantIdOf(claim._id, lineId)}`) ?? 'never seen';
      if (state === 'GRANTED') return [];
      return [of(claim._id, `${lineId} is GRANTED with us, ${state} at the ${provider}`)];
    }),
  );
}

/** In every bucket `stock = available + granted`, nothing being held. */
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

/** A reward's units granted are those of the lines granted, and its stock is what the operators set. */
function miscounted(facts: Facts) {
  return facts.events.flatMap(({ eventId, rewards }) =>
    rewards.flatMap(({ rewardId, stock }) => {
      if (stock === null) return [];
      const own = facts.buckets.filter((b) => b.eventId === eventId && b.rewardId === rewardId);
      const lines = facts.claims
        .filter((claim) => claim.eventId === eventId)
        .flatMap((claim) => kept(claim).filter((line) => line.lineId === rewardId));
      const booked = { stock: sum(own, 'stock'), granted: sum(own, 'granted') };
      const units = sum(lines, 'quantity');
      const name = `${eventId}/${rewardId}`;
      return [
        ...(booked.stock === stock ? [] : [of(null, `${name}: ${booked.stock}, set to ${stock}`)]),
        ...(booked.granted === units
          ? []
          : [of(null, `${name}: ${booked.granted} booked as granted, ${units} in claims`)]),
      ];
    }),
  );
}

function sum<K extends string>(items: readonly Record<K, number>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}

/** Those claims have an entitlement, and one, of which a player keeps something. */
function misentitled(facts: Facts) {
  const claims = byId(facts);
  const taken = Map.groupBy(facts.entitlements, (e) => e.claimId);
  const strays = facts.entitlements.flatMap(({ _id, claimId }) => {
    const claim = claims.get(claimId);
    if (!claim) return [of(claimId, `${_id} is taken by a claim that is not on record`)];
    const { eventId, userId, periodKey, state } = claim;
    const isIts = _id.startsWith(`${eventId}/${userId}/${periodKey}/`);
    if (isIts && kept(claim).length > 0) return [];
    return [of(claimId, `${_id} is taken by a claim of ${userId} that is ${state}`)];
  });
  const missing = facts.claims.flatMap((claim) => {
    const count = taken.get(claim._id)?.length ?? 0;
    if (kept(claim).length === 0 || count === 1) return [];
    return [of(claim._id, `${claim.state}, with ${count} entitlements`)];
  });
  return [...strays, ...missing];
}

/** An outage is a 503; a 500 is a mistake of ours. */
const failing = (facts: Facts) => facts.internalErrors.map((error) => of(null, error));

/** Reconciliation itself gets through. */
const unreconciled = ({ isReconciled }: Facts) =>
  isReconciled ? [] : [of(null, 'there were not two whole passes after the healing')];

const tampered = ({ auditBroken }: Facts) => (auditBroken === null ? [] : [of(null, auditBroken)]);

/** The promises, in the words of a report, with what holds each. */
const RULES = {
  'no accepted claim is lost': lost,
  'every claim is final': open,
  'a final state never changes': changed,
  'a claim and its lines tell one story': contradicting,
  'nothing is granted twice': twice,
  'what a provider gave is in our books': unknownToUs,
  'what is in our books was given': notGiven,
  'stock = available + held + granted, held = 0': unbalanced,
  'stock and grants are counted right': miscounted,
  'entitlements are those of granted claims': misentitled,
  'reconciliation gets through': unreconciled,
  'an outage is a 503, never a 500': failing,
  'the audit log is whole': tampered,
} satisfies Record<string, Check>;

export const RULE_NAMES = Object.keys(RULES) as Difference['rule'][];

/** Everything that differs, rule by rule. */
export function check(facts: Facts): Difference[] {
  return RULE_NAMES.flatMap((rule) => RULES[rule](facts).map((found) => ({ rule, ...found })));
}
