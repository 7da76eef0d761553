/**
 * Random sequences of operations, made by fast-check. A plan refers to its target by number. The
 * number is turned into a name only right before the step. So a plan still makes sense when earlier
 * steps are left out, which is how a counterexample shrinks.
 */
import fc from 'fast-check';
import { FAULTS, type FaultName } from './game-faults.ts';
import type { Operation } from './operations.ts';
import { type Claim, claimName, type Event, named, type Reward, type World } from './world.ts';

/** The players of every sequence. */
export const PLAYERS = ['P0', 'P1', 'P2'] as const;
/** Few, so that keys are reused. */
export const KEYS = ['k0', 'k1', 'k2', 'k3'] as const;
/** Sizes of a sequence: small, so that things collide and a step has few outcomes. */
const MAX_EVENTS = 2;
const MAX_REWARDS = 2;
const MAX_STEPS = 16;
/** Most operations of one step. Each one more multiplies the orders to explore. */
const MAX_AT_ONCE = 3;

/** An index, taken modulo the number of targets. */
const nth = fc.nat({ max: 11 });

const oneIn = (times: number) => fc.nat({ max: times - 1 }).map((n) => n === times - 1);

const faults = fc.oneof(
  { weight: 2, arbitrary: fc.constant<FaultName>('none') },
  { weight: 7, arbitrary: fc.constantFrom(...(Object.keys(FAULTS) as FaultName[])) },
);
const decisions = fc.constantFrom('RETRY' as const, 'ABORT' as const);
/** Mostly not zero. */
const stocks = fc.constantFrom(1, 2, 3, 4, 5, 6, 0);

const claiming = fc.record({
  do: fc.constant('claim' as const),
  player: fc.constantFrom(...PLAYERS),
  key: fc.constantFrom(...KEYS),
  event: nth,
  reward: nth,
  /** Names a reward if the event wants none, or none if the event wants one. */
  isMisfit: oneIn(15),
  fault: faults,
});
const settingStatus = fc.record({
  do: fc.constant('set status' as const),
  player: fc.constantFrom(...PLAYERS),
  // Coming back is likelier than leaving, so that some player can claim.
  status: fc.constantFrom(
    'ACTIVE',
    'BANNED',
    'SUSPENDED',
    'WITHDRAWN',
    'ACTIVE',
    'ACTIVE',
    'ACTIVE',
  ),
});
const settingStock = fc.record({
  do: fc.constant('set stock' as const),
  event: nth,
  reward: nth,
  stock: stocks,
});
const movingEvent = fc.record({
  do: fc.constant('move event' as const),
  event: nth,
  to: fc.oneof(
    { weight: 10, arbitrary: fc.constant('ACTIVE' as const) },
    { weight: 5, arbitrary: fc.constant('PAUSED' as const) },
    { weight: 1, arbitrary: fc.constantFrom('ENDED', 'DRAFT') },
  ),
});
const deciding = fc.record({
  do: fc.constant('decide' as const),
  claim: nth,
  action: decisions,
  /** If no claim is parked, decides on one that is not. */
  mayMiss: oneIn(5),
});
const settling = fc.record({
  do: fc.constant('settle' as const),
  claim: nth,
  outcome: fc.constantFrom('GRANTED' as const, 'REFUSED' as const),
});
const restarting = fc.record({ do: fc.constant('restart workers' as const) });
const decidingOnAll = fc.record({
  do: fc.constant('decide on all' as const),
  event: nth,
  action: decisions,
});
const settingClaimsPerPeriod = fc.record({
  do: fc.constant('set claims per period' as const),
  event: nth,
  claimsPerPeriod: fc.integer({ min: 1, max: 2 }),
});
const deleting = fc.record({ do: fc.constant('delete event' as const), event: nth });

// A restart is rare: it costs as much as twenty claims and stops every sequence.
const alone = fc.oneof(
  { withCrossShrink: true },
  { weight: 192, arbitrary: claiming },
  { weight: 96, arbitrary: deciding },
  { weight: 48, arbitrary: settling },
  { weight: 36, arbitrary: settingStatus },
  { weight: 48, arbitrary: settingStock },
  { weight: 24, arbitrary: movingEvent },
  { weight: 16, arbitrary: decidingOnAll },
  { weight: 16, arbitrary: settingClaimsPerPeriod },
  { weight: 4, arbitrary: deleting },
  { weight: 1, arbitrary: restarting },
);
const amongOthers = fc.oneof(
  { withCrossShrink: true },
  { weight: 96, arbitrary: claiming },
  { weight: 32, arbitrary: deciding },
  { weight: 16, arbitrary: settling },
  { weight: 20, arbitrary: settingStatus },
  { weight: 16, arbitrary: settingStock },
  { weight: 12, arbitrary: movingEvent },
);
/** Concurrent claims of one event, often by one player: here the order matters most. */
const rushes = fc
  .record({
    event: nth,
    player: fc.option(fc.constantFrom(...PLAYERS), { freq: 2 }),
    claims: fc.array(claiming, { minLength: 2, maxLength: MAX_AT_ONCE }),
  })
  .map(({ event, player, claims }): Plan[] =>
    claims.map((claim) => ({ ...claim, event, player: player ?? claim.player })),
  );
/** Two concurrent decisions on one parked claim, not always the same. */
const quarrels = fc
  .record({ claim: nth, actions: fc.tuple(decisions, decisions) })
  .map(({ claim, actions }): Plan[] =>
    actions.map((action) => ({ do: 'decide', claim, action, mayMiss: false })),
  );
const steps = fc.oneof(
  { withCrossShrink: true },
  { weight: 7, arbitrary: alone.map((plan): Plan[] => [plan]) },
  { weight: 2, arbitrary: fc.array(amongOthers, { minLength: 1, maxLength: MAX_AT_ONCE }) },
  { weight: 1, arbitrary: rushes },
  { weight: 1, arbitrary: quarrels },
);

const rewards = fc
  .array(
    fc.record({
      quantity: fc.integer({ min: 1, max: 2 }),
      stock: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null, freq: 6 }),
    }),
    { minLength: 1, maxLength: MAX_REWARDS },
  )
  .map((all) =>
    all.map(({ quantity, stock }, i): Reward => {
      return { rewardId: `r${i}`, quantity, stock: stock === null ? null : fit(stock, quantity) };
    }),
  );
const events = fc.record({
  status: fc.oneof(
    { weight: 19, arbitrary: fc.constant('ACTIVE' as const) },
    { weight: 1, arbitrary: fc.constant('DRAFT' as const) },
  ),
  provider: fc.constantFrom('game', 'mailbox', 'game', 'game'),
  selection: fc.constantFrom('ALL', 'PLAYER_CHOICE'),
  claimsPerPeriod: fc.integer({ min: 1, max: 2 }),
  claimsTotal: fc.option(fc.integer({ min: 1, max: 2 }), { nil: null, freq: 1 }),
  exclusiveGroup: fc.option(fc.constant('winter'), { nil: null, freq: 1 }),
  rewards,
  isClaimed: fc.constant(false),
});

type Plan =
  | (typeof alone extends fc.Arbitrary<infer P> ? P : never)
  | (typeof amongOthers extends fc.Arbitrary<infer P> ? P : never);

export interface Sequence {
  events: Event[];
  /** The steps in order. The plans of one step are carried out at once. */
  steps: Plan[][];
  /** What an admin decides on claims that are parked at the end. */
  ending: 'RETRY' | 'ABORT';
}

/** Every sequence that can be played. */
export const sequences: fc.Arbitrary<Sequence> = fc.record({
  events: fc.array(events, { minLength: 1, maxLength: MAX_EVENTS }),
  steps: fc.array(steps, { minLength: 1, maxLength: MAX_STEPS, size: 'max' }),
  ending: decisions,
});

/** Raises a stock that is too small for one claim: the product refuses it. A stock of 0 is accepted. */
function fit(stock: number, quantity: number): number {
  return stock > 0 && stock < quantity ? quantity : stock;
}

/** The world before the first step. */
export function newWorld({ events }: Pick<Sequence, 'events'>): World {
  return {
    events: Object.fromEntries(events.map((event, i) => [`E${i}`, event])),
    players: Object.fromEntries(PLAYERS.map((name) => [name, 'ACTIVE'])),
    claims: {},
    requests: [],
  };
}

/**
 * The operations of a step: its plans with their targets named. A plan without a target is left out.
 * So is a second change of one player's status, as nobody could see whether a claim saw the first.
 */
export function pin(world: World, plans: readonly Plan[]): Operation[] {
  const all = plans.flatMap((plan) => pinned(world, plan) ?? []);
  const hasTwin = (operation: Operation) =>
    all.some((o) => o !== operation && isTwin(o, operation));
  return all
    .filter((operation, i) => !all.slice(0, i).some((before) => isSameStatus(before, operation)))
    .map((operation) => (hasTwin(operation) ? faultless(operation) : operation));
}

const isSameStatus = (a: Operation, b: Operation): boolean =>
  a.do === 'set status' && b.do === 'set status' && a.player === b.player;

/** Two requests with one key. Either may become the claim, so both must meet the same game. */
const isTwin = (a: Operation, b: Operation): boolean =>
  a.do === 'claim' && b.do === 'claim' && a.player === b.player && a.key === b.key;

const faultless = (operation: Operation): Operation =>
  operation.do === 'claim' ? { ...operation, fault: 'none' } : operation;

function pinned(world: World, plan: Plan): Operation | null {
  switch (plan.do) {
    case 'claim':
      return pinnedClaim(world, plan);
    case 'set stock':
      return pinnedStock(world, plan);
    case 'set status':
    case 'restart workers':
      return plan;
    case 'decide': {
      const { action, mayMiss } = plan;
      const parked = pickClaim(world, plan.claim, isParked);
      const claim = parked ?? (mayMiss ? pickClaim(world, plan.claim) : null);
      return claim === null ? null : { do: 'decide', claim, action };
    }
    case 'settle': {
      const claim = pickClaim(world, plan.claim, isPending);
      return claim === null ? null : { ...plan, claim };
    }
    default:
      return { ...plan, event: pick(Object.keys(world.events), plan.event) as string };
  }
}

const isParked = ({ state }: Claim): boolean => state === 'NEEDS_ATTENTION';
const isPending = ({ lines }: Claim): boolean => lines.some((l) => l.atProvider === 'PENDING');

function pick<T>(all: readonly T[], n: number): T | null {
  return all[n % all.length] ?? null;
}

function pickClaim(world: World, n: number, fits: (claim: Claim) => boolean = () => true) {
  const names = Object.keys(world.claims).sort();
  return pick(
    names.filter((name) => fits(named(world.claims, name))),
    n,
  );
}

function pinnedClaim(world: World, plan: Extract<Plan, { do: 'claim' }>): Operation {
  const { player, key, isMisfit } = plan;
  const event = pick(Object.keys(world.events), plan.event) as string;
  const { selection, rewards, provider } = named(world.events, event);
  const reward = pick(rewards, plan.reward) as Reward;
  const isNamed = (selection === 'PLAYER_CHOICE') !== isMisfit;
  // The mailbox never fails, and a key that was used before starts nothing.
  const isFaultless = provider === 'mailbox' || claimName(player, key) in world.claims;
  return {
    do: 'claim',
    player,
    key,
    event,
    choice: isNamed ? reward.rewardId : null,
    fault: isFaultless ? 'none' : plan.fault,
  };
}

/** Only for limited rewards: whether a reward is limited must not change. */
function pinnedStock(world: World, plan: Extract<Plan, { do: 'set stock' }>): Operation | null {
  const event = pick(Object.keys(world.events), plan.event) as string;
  const limited = named(world.events, event).rewards.filter(({ stock }) => stock !== null);
  const reward = pick(limited, plan.reward);
  if (!reward) return null;
  const { rewardId, quantity } = reward;
  return { do: 'set stock', event, rewardId, stock: fit(plan.stock, quantity) };
}
