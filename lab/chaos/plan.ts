/** What a chaos run does and when: a pure function of its seed and its length. */
import { CAMPAIGN } from './campaign.ts';
import { MOODS, type Mood } from './moods.ts';
import { createRandom, type Random } from './random.ts';

/** Those of ours, each with its own wires: two of a kind, as one must go on where the other fell. */
export const OWN_PROCESSES = ['api-1', 'api-2', 'worker-1', 'worker-2'] as const;
export const SERVERS = ['mongod', 'temporal'] as const;
export type OwnProcess = (typeof OWN_PROCESSES)[number];
export type Server = (typeof SERVERS)[number];
export type ProcessName = OwnProcess | Server;

/** Of each kind one process is killed in every hand. */
export const KINDS = [
  ['api-1', 'api-2'],
  ['worker-1', 'worker-2'],
  ['mongod'],
  ['temporal'],
] as const satisfies ProcessName[][];

/** Each of our processes reaches each server over a wire of its own, so that it can lose it alone. */
export type WireName = `${OwnProcess}→${Server}`;
export const WIRES = OWN_PROCESSES.flatMap((from) => SERVERS.map((to) => `${from}→${to}` as const));

export type Fault = { atMs: number } & (
  | { do: 'kill'; process: ProcessName }
  /** SIGSTOP, and SIGCONT later: it goes on as if no time had passed. */
  | { do: 'freeze'; process: OwnProcess; forMs: number }
  | { do: 'cut' | 'hang'; wire: WireName; forMs: number }
  | { do: 'delay'; wire: WireName; forMs: number; delayMs: number }
  | { do: 'game'; mood: Mood; forMs: number }
  /** Null: for good. */
  | { do: 'leave'; player: number; status: LeftStatus; forMs: number | null }
  | { do: 'stock'; event: number; by: number }
  | { do: 'pause'; event: number; forMs: number }
  /** Of the claims that are open then, or have ended and been fulfilled, the `nth` (counted round). */
  | { do: 'cancel' | 'terminate' | 'reset'; nth: number }
  /** Of the claims that are parked then, the `nth` (counted round), or all of them. */
  | { do: 'retry' | 'abort'; nth: number | 'ALL' }
);

type LeftStatus = 'BANNED' | 'SUSPENDED' | 'WITHDRAWN';

/** One claim by one player, sent until it is answered. */
export interface PlannedClaim {
  atMs: number;
  player: number;
  event: number;
  /** Names the reward where the event lets choose; counted round. */
  choice: number;
  /** How often it is sent at once, with the same key. */
  copies: 1 | 3;
  /** How long it asks to wait for the end. */
  waitS: number;
}

export interface Plan {
  seed: number;
  seconds: number;
  players: number;
  claims: PlannedClaim[];
  faults: Fault[];
}

export const MAX_SEED = 2 ** 32 - 1;
export const MIN_SECONDS = 5;
export const MAX_SECONDS = 3_600;

const CLAIMS_PER_S = 5;
const MIN_PLAYERS = 12;
const MAX_PLAYERS = 60;

/** Every kind of fault comes at least once in so much time: a hand is dealt, and begun anew. */
const HAND_MS = 20_000;

/** The part of a hand in which its faults begin; the rest is for getting something done. */
const BUSY_SHARE = 0.7;

/**
 * The part of a hand in which one kind of process is killed, in every hand the same: between two
 * deaths there is some time, so that a process dies at work and not always while it starts.
 */
const KILL_SHARE = 0.3;

/** Short enough that what it breaks is seen to go on, in milliseconds. */
const SHORTEST_MS = 300;
const LONGEST_MS = 5_000;

/** Long enough for a claim's retries to be spent, in milliseconds. */
const MOOD_MS = 8_000;

/** Makes the plan. The same seed and length give the same plan, on every machine. */
export function makePlan(seed: number, seconds: number): Plan {
  const players = Math.min(MAX_PLAYERS, Math.max(MIN_PLAYERS, seconds));
  const claims = planClaims(createRandom(seed, 'claims'), seconds, players);
  const faults = planFaults(createRandom(seed, 'faults'), seconds, players);
  return { seed, seconds, players, claims, faults };
}

function planClaims(random: Random, seconds: number, players: number): PlannedClaim[] {
  const claims: PlannedClaim[] = [];
  while (claims.length < CLAIMS_PER_S * seconds) {
    const claim: PlannedClaim = {
      atMs: random.int(0, seconds * 1_000 - 1),
      player: random.int(0, players - 1),
      event: random.int(0, CAMPAIGN.length - 1),
      choice: random.int(0, 9),
      copies: random.fraction() < 0.3 ? 3 : 1,
      waitS: random.fraction() < 0.3 ? random.int(1, 5) : 0,
    };
    claims.push(claim);
    // Another key for the same at the same time: at most one of the two may be served.
    if (random.fraction() < 0.1) claims.push({ ...claim, choice: random.int(0, 9) });
  }
  return claims.sort((a, b) => a.atMs - b.atMs);
}

function planFaults(random: Random, seconds: number, players: number): Fault[] {
  const endMs = seconds * 1_000;
  const hands = Math.max(1, Math.round(endMs / HAND_MS));
  const handMs = endMs / hands;
  const kills = KINDS.map((kind) => {
    return { kind, from: random.fraction() * (BUSY_SHARE - KILL_SHARE) };
  });
  const faults: Fault[] = [];
  for (let hand = 0; hand < hands; hand++) {
    const within = (from: number, to: number) =>
      random.int(Math.ceil((hand + from) * handMs), Math.floor((hand + to) * handMs));
    for (const { kind, from } of kills) {
      const process = random.pick<ProcessName>(kind);
      faults.push({ atMs: within(from, from + KILL_SHARE), do: 'kill', process });
    }
    for (const fault of dealHand(random, players)) {
      faults.push(endingBy(endMs, { ...fault, atMs: within(0, BUSY_SHARE) }));
    }
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

type Undated = Fault extends infer F ? (F extends Fault ? Omit<F, 'atMs'> : never) : never;

/** One fault of every kind but the kills, and of some more. */
function dealHand(random: Random, players: number): Undated[] {
  const forMs = () => random.int(SHORTEST_MS, LONGEST_MS);
  const wire = () => random.pick(WIRES as [WireName, ...WireName[]]);
  const ownProcess = () => random.pick(OWN_PROCESSES);
  const event = () => random.int(0, CAMPAIGN.length - 1);
  const nth = () => random.int(0, 999);
  const mood = () => random.pick(Object.keys(MOODS) as [Mood, ...Mood[]]);
  const game = (): Undated => ({ do: 'game', mood: mood(), forMs: random.int(2_000, MOOD_MS) });
  const back = random.fraction() < 0.5;
  return [
    { do: 'freeze', process: ownProcess(), forMs: forMs() },
    { do: 'cut', wire: wire(), forMs: forMs() },
    // No longer than it takes: every connection breaks, and can be made anew at once.
    { do: 'cut', wire: wire(), forMs: 0 },
    { do: 'hang', wire: wire(), forMs: forMs() },
    { do: 'delay', wire: wire(), forMs: forMs(), delayMs: random.int(20, 1_500) },
    ...[game(), game(), game(), game()],
    { do: 'leave', player: random.int(0, players - 1), ...leaving(random) },
    {
      do: 'leave',
      player: random.int(0, players - 1),
      status: 'SUSPENDED',
      forMs: back ? forMs() : null,
    },
    { do: 'stock', event: event(), by: random.pick([-5, -2, 2, 5, 10]) },
    { do: 'pause', event: event(), forMs: forMs() },
    { do: 'cancel', nth: nth() },
    { do: 'terminate', nth: nth() },
    { do: 'reset', nth: nth() },
    { do: 'reset', nth: nth() },
    { do: random.pick(['retry', 'abort']), nth: nth() },
    { do: random.pick(['retry', 'retry', 'abort']), nth: 'ALL' },
  ];
}

function leaving(random: Random): { status: LeftStatus; forMs: null } {
  return { status: random.pick(['BANNED', 'WITHDRAWN']), forMs: null };
}

/** Nothing lasts longer than the run: what is left is the healing's. */
function endingBy(endMs: number, fault: Fault): Fault {
  if (!('forMs' in fault) || fault.forMs === null) return fault;
  return { ...fault, forMs: Math.min(fault.forMs, endMs - fault.atMs) };
}
