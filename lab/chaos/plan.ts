/** What a chaos run does and when: a pure function of its seed and its length. */

import { MOODS, type Mood } from './game-moods.ts';
import { PLANNED_EVENTS } from './planned-events.ts';
import { createRandom, type Random } from './seeded-random.ts';

/** Our own processes. Two of each kind, as one must take over when the other dies. */
export const OWN_PROCESSES = ['api-1', 'api-2', 'worker-1', 'worker-2'] as const;
export const SERVERS = ['mongod', 'temporal'] as const;
export type OwnProcess = (typeof OWN_PROCESSES)[number];
export type Server = (typeof SERVERS)[number];
export type ProcessName = OwnProcess | Server;

/** Kinds of processes. One process of each kind is killed in every hand (see `HAND_MS`). */
export const KINDS = [
  ['api-1', 'api-2'],
  ['worker-1', 'worker-2'],
  ['mongod'],
  ['temporal'],
] as const satisfies ProcessName[][];

/** One wire for each of our processes and each server, so that one process alone can lose a server. */
export type WireName = `${OwnProcess}→${Server}`;
export const WIRES = OWN_PROCESSES.flatMap((from) => SERVERS.map((to) => `${from}→${to}` as const));

export type Fault = { atMs: number } & (
  | { do: 'kill'; process: ProcessName }
  /** SIGSTOP, and SIGCONT later: the process continues as if no time had passed. */
  | { do: 'freeze'; process: OwnProcess; forMs: number }
  | { do: 'cut' | 'hang'; wire: WireName; forMs: number }
  | { do: 'delay'; wire: WireName; forMs: number; delayMs: number }
  | { do: 'game'; mood: Mood; forMs: number }
  /** `forMs` null: for the rest of the run. */
  | { do: 'leave'; player: number; status: LeftStatus; forMs: number | null }
  | { do: 'stock'; event: number; by: number }
  | { do: 'pause'; event: number; forMs: number }
  /** The `nth` of the claims that fit at that time, modulo their number. */
  | { do: 'cancel' | 'terminate' | 'reset'; nth: number }
  /** The `nth` of the claims that are parked at that time, modulo their number, or all of them. */
  | { do: 'retry' | 'abort'; nth: number | 'ALL' }
);

type LeftStatus = 'BANNED' | 'SUSPENDED' | 'WITHDRAWN';

/** One claim by one player, sent until it is answered. */
export interface PlannedClaim {
  atMs: number;
  player: number;
  event: number;
  /** The reward to choose if the event lets players choose, modulo the number of rewards. */
  choice: number;
  /** How many times it is sent at once, with the same key. */
  copies: 1 | 3;
  /** `Prefer: wait`, in seconds. */
  waitS: number;
}

export interface Plan {
  seed: number;
  seconds: number;
  players: number;
  claims: PlannedClaim[];
  faults: Fault[];
}

/** A seed has 32 bits. */
export const MAX_SEED = 2 ** 32 - 1;
/** Length of the faults. Shorter runs have no room for every kind. */
export const MIN_SECONDS = 5;
export const MAX_SECONDS = 3_600;

/** Slow enough for two cores, while everything breaks. */
const CLAIMS_PER_S = 5;
/** Players: one for each second, within these limits. */
const MIN_PLAYERS = 12;
const MAX_PLAYERS = 60;

/**
 * Length of a hand, in milliseconds. As in a card game, each hand deals every kind of fault at least
 * once, and hands follow one another until the end.
 */
const HAND_MS = 20_000;

/** The share of a hand in which faults begin. In the rest claims can make progress. */
const BUSY_SHARE = 0.7;

/**
 * The share of a hand in which one kind of process is killed. It is at the same place in every hand,
 * so that a process has time to start between two kills.
 */
const KILL_SHARE = 0.3;

/** Shortest and longest lasting fault, in milliseconds. Short enough to see Laurel recover. */
const SHORTEST_MS = 300;
const LONGEST_MS = 5_000;

/** Longest mood of the game, in milliseconds. Long enough for a claim to use up its retries. */
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
      event: random.int(0, PLANNED_EVENTS.length - 1),
      choice: random.int(0, 9),
      copies: random.fraction() < 0.3 ? 3 : 1,
      waitS: random.fraction() < 0.3 ? random.int(1, 5) : 0,
    };
    claims.push(claim);
    // The same claim with another key at the same time: only one of the two may be granted.
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

/** The faults of one hand, without times and without kills: every kind, and some kinds more than once. */
function dealHand(random: Random, players: number): Undated[] {
  const forMs = () => random.int(SHORTEST_MS, LONGEST_MS);
  const wire = () => random.pick(WIRES as [WireName, ...WireName[]]);
  const ownProcess = () => random.pick(OWN_PROCESSES);
  const event = () => random.int(0, PLANNED_EVENTS.length - 1);
  const nth = () => random.int(0, 999);
  const mood = () => random.pick(Object.keys(MOODS) as [Mood, ...Mood[]]);
  const game = (): Undated => ({ do: 'game', mood: mood(), forMs: random.int(2_000, MOOD_MS) });
  const back = random.fraction() < 0.5;
  return [
    { do: 'freeze', process: ownProcess(), forMs: forMs() },
    { do: 'cut', wire: wire(), forMs: forMs() },
    // For no time: every connection breaks, and can be opened again at once.
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

/** Shortens a fault so that it ends with the run. */
function endingBy(endMs: number, fault: Fault): Fault {
  if (!('forMs' in fault) || fault.forMs === null) return fault;
  return { ...fault, forMs: Math.min(fault.forMs, endMs - fault.atMs) };
}
