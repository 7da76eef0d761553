/** Plays one sequence on the model and on the real product, and finds where they part. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { workflowOf } from '../../test/helpers.ts';
import { act } from './act.ts';
import { assemble, type Cast } from './cast.ts';
import { isFinal } from './claim-life.ts';
import { claimsNow, look } from './look.ts';
import { type Operation, tell } from './operations.ts';
import { outcomes } from './orders.ts';
import { newWorld, pin, type Sequence } from './plans.ts';
import { differences, type Seen, seenOf } from './seen.ts';
import type { System } from './system.ts';
import type { Event, World } from './world.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 400;

/** Rounds in which everything that waits is ended; each claim needs three at most. */
const MAX_ENDINGS = 20;

/** A place where the product does not do what the model allows. */
export class Difference extends Error {
  /** What was done up to there, a line a step, and what differs. */
  readonly story: string[];
  constructor(steps: readonly string[], what: readonly string[]) {
    super(what.join('\n'));
    this.name = 'Difference';
    this.story = [...steps, ...what.map((line) => `  ! ${line}`)];
  }
}

interface Play {
  cast: Cast;
  /** The worlds that fit all that was seen: more than one where order cannot be told from outside. */
  worlds: World[];
  told: string[];
  patienceMs: number;
  onStep: (operations: readonly Operation[], answers: readonly string[]) => void;
}

interface PlayOptions {
  /** How long the product may take to come to rest as the model says it will. */
  patienceMs: number;
  /** Told of each step once it is answered. */
  onStep?: Play['onStep'];
}

/**
 * Plays the sequence, then ends all that waits, so that each claim comes to its end.
 * @returns the claims as they ended @throws Difference
 */
export async function play(system: System, sequence: Sequence, options: PlayOptions) {
  const { patienceMs, onStep = () => {} } = options;
  const cast = await assemble(system, sequence);
  const worlds = [newWorld(sequence)];
  const now: Play = { cast, worlds, told: tellEvents(sequence), patienceMs, onStep };
  for (const plans of sequence.steps) await step(now, pin(one(now), plans));
  for (let n = 0; n < MAX_ENDINGS; n++) {
    const ending = endingOf(one(now), sequence.ending);
    if (ending === null) break;
    await step(now, [ending]);
  }
  await checkRuns(now);
  return Object.values(seenOf(one(now)).claims);
}

/** Which of the possible worlds a plan is pinned in is all one: their claims are the same. */
const one = ({ worlds }: Play): World => worlds[0] as World;

async function step(now: Play, operations: Operation[]): Promise<void> {
  if (operations.length === 0) return;
  now.told.push(`${now.told.length}. ${operations.map(tell).join('\n   and at once: ')}`);
  const { system } = now.cast;
  const isRestart = operations.some((operation) => operation.do === 'restart workers');
  if (isRestart) await system.restartWorkers();
  await system.undisturbed(() => compared(now, operations));
}

/** Carries a step out on both, and keeps the worlds that the product may be in after it. */
async function compared(now: Play, operations: Operation[]): Promise<void> {
  const possible = now.worlds.flatMap((world) => outcomes(world, operations));
  const answers = await act(now.cast, operations).catch((error: Error) => {
    throw new Difference(now.told, [`no answer to the last step: ${error.message}`]);
  });
  now.onStep(operations, answers);
  now.worlds = await settled(now, possible, answers);
}

/** Waits until what is seen fits some of the worlds, and returns those. @throws Difference */
async function settled(now: Play, possible: World[], answers: string[]): Promise<World[]> {
  const allowed = possible.map((world) => ({ world, seen: seenOf(world) }));
  const answered = allowed.filter(({ seen }) => isDeepStrictEqual(seen.answers, answers));
  const deadlineMs = performance.now() + now.patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(1.5 * pauseMs, LONGEST_PAUSE_MS)) {
    const claims = await claimsNow(now.cast);
    const isOver = performance.now() > deadlineMs || isContradiction(answered, claims);
    if (isOver || answered.some(({ seen }) => isDeepStrictEqual(seen.claims, claims))) {
      const seen = await look(now.cast, answers);
      const fitting = answered.filter((a) => isDeepStrictEqual(a.seen, seen));
      if (fitting.length > 0) return fitting.map(({ world }) => world);
      if (isOver || Object.values(seen.claims).every(isEnd)) {
        const all = allowed.map((a) => a.seen);
        throw new Difference(now.told, differences(all, seen));
      }
    }
    await sleep(pauseMs);
  }
}

const isEnd = (claim: string): boolean => isFinal(claim.split(' ')[0] ?? '');

/** Whether no waiting helps: a claim came to an end that no world has for it. */
function isContradiction(allowed: { seen: Seen }[], claims: Record<string, string>): boolean {
  const ends = Object.entries(claims).filter(([, claim]) => isEnd(claim));
  return !allowed.some(({ seen }) => ends.every(([name, claim]) => seen.claims[name] === claim));
}

/** What brings some waiting claim nearer to its end; null where none waits. */
function endingOf({ claims }: World, action: 'RETRY' | 'ABORT'): Operation | null {
  for (const [name, { event, state, lines }] of Object.entries(claims)) {
    if (state === 'NEEDS_ATTENTION') return { do: 'decide on all', event, action };
    if (isFinal(state)) continue;
    if (lines.some((line) => line.atProvider === 'PENDING')) {
      return { do: 'settle', claim: name, outcome: 'GRANTED' };
    }
  }
  return null;
}

/** Every claim's last run has closed, and nothing moved after all had come to their ends. */
async function checkRuns(now: Play): Promise<void> {
  const { laurel } = now.cast.system;
  // One that the API rejected has none.
  const names = Object.entries(one(now).claims).flatMap(([name, c]) => (c.isStarted ? [name] : []));
  await Promise.all(
    names.map(async (name) => {
      const [player = '', idempotencyKey = ''] = name.split('/');
      const userId = now.cast.players[player]?.userId ?? '';
      await workflowOf(laurel, { userId, idempotencyKey }).result();
    }),
  );
  const last = one(now).requests.map((request) => request.answer);
  const seen = await look(now.cast, last);
  const allowed = now.worlds.map(seenOf);
  if (allowed.some((a) => isDeepStrictEqual(a, seen))) return;
  throw new Difference([...now.told, 'and after every run has closed'], differences(allowed, seen));
}

function tellEvents({ events }: Sequence): string[] {
  const tales = events.map((event, i) => {
    const { status, provider, selection, rewards } = event;
    const gives = rewards.map((r) => `${r.quantity} ${r.rewardId} of ${r.stock ?? 'any number'}`);
    return `E${i}: ${status}, through the ${provider}, ${limitsOf(event)}, ${selection} of ${gives.join(', ')}`;
  });
  return [tales.join('\n')];
}

function limitsOf({ claimsPerPeriod, claimsTotal, exclusiveGroup }: Event): string {
  const inAll = claimsTotal === null ? '' : `, ${claimsTotal} in all`;
  const inGroup = exclusiveGroup === null ? '' : `, one of the group ${exclusiveGroup}`;
  return `${claimsPerPeriod} a player${inAll}${inGroup}`;
}
