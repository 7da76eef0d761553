/** Plays one sequence on the model and on the real product, and finds where they differ. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { workflowOf } from '../../test/helpers.ts';
import { act } from './carry-out.ts';
import { assemble, type Cast } from './cast.ts';
import { isFinal } from './claim-steps.ts';
import { outcomes } from './interleavings.ts';
import { differences, type Observation, observationOf } from './observation.ts';
import { claimsNow, look } from './observe.ts';
import { describeOperation, type Operation } from './operations.ts';
import { newWorld, pin, type Sequence } from './random-sequences.ts';
import type { System } from './real-system.ts';
import type { Event, World } from './world.ts';

/** Pauses between two looks at the product. They grow, so that a slow step costs few reads. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 400;

/** Most closing steps after a sequence, each of which ends something that waits. A claim needs three. */
const MAX_ENDINGS = 20;

/** The product did something that the model does not allow. */
export class Difference extends Error {
  /** The steps up to there, one line each, and then what differs. */
  readonly story: string[];
  constructor(steps: readonly string[], what: readonly string[]) {
    super(what.join('\n'));
    this.name = 'Difference';
    this.story = [...steps, ...what.map((line) => `  ! ${line}`)];
  }
}

interface Play {
  cast: Cast;
  /** The worlds that fit every observation. More than one if the order cannot be seen from outside. */
  worlds: World[];
  /** The steps so far, one text each. */
  story: string[];
  patienceMs: number;
  onStep: (operations: readonly Operation[], answers: readonly string[]) => void;
}

export interface PlayOptions {
  /** How long the product may take to reach a state that the model allows, in milliseconds. */
  patienceMs: number;
  /** Called after each step, once it is answered. */
  onStep?: Play['onStep'];
}

/**
 * Plays the sequence, then ends everything that waits, so that every claim becomes final.
 * @returns the final state of each claim
 * @throws Difference
 */
export async function play(system: System, sequence: Sequence, options: PlayOptions) {
  const { patienceMs, onStep = () => {} } = options;
  const cast = await assemble(system, sequence);
  const worlds = [newWorld(sequence)];
  const now: Play = { cast, worlds, story: describeEvents(sequence), patienceMs, onStep };
  for (const plans of sequence.steps) await step(now, pin(one(now), plans));
  for (let n = 0; n < MAX_ENDINGS; n++) {
    const ending = endingOf(one(now), sequence.ending);
    if (ending === null) break;
    await step(now, [ending]);
  }
  await checkRuns(now);
  return Object.values(observationOf(one(now)).claims);
}

/** Any of the possible worlds: their claims are the same, so plans are pinned the same way in each. */
const one = ({ worlds }: Play): World => worlds[0] as World;

async function step(now: Play, operations: Operation[]): Promise<void> {
  if (operations.length === 0) return;
  now.story.push(
    `${now.story.length}. ${operations.map(describeOperation).join('\n   and at once: ')}`,
  );
  const { system } = now.cast;
  const isRestart = operations.some((operation) => operation.do === 'restart workers');
  if (isRestart) await system.restartWorkers();
  await system.undisturbed(() => compared(now, operations));
}

/** Carries a step out on both sides, and keeps the worlds that fit the product after it. */
async function compared(now: Play, operations: Operation[]): Promise<void> {
  const possible = now.worlds.flatMap((world) => outcomes(world, operations));
  const answers = await act(now.cast, operations).catch((error: Error) => {
    throw new Difference(now.story, [`no answer to the last step: ${error.message}`]);
  });
  now.onStep(operations, answers);
  now.worlds = await settled(now, possible, answers);
}

/** Waits until the product fits some of the worlds, and returns those. @throws Difference */
async function settled(now: Play, possible: World[], answers: string[]): Promise<World[]> {
  const allowed = possible.map((world) => ({ world, seen: observationOf(world) }));
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
        throw new Difference(now.story, differences(all, seen));
      }
    }
    await sleep(pauseMs);
  }
}

const isEnd = (claim: string): boolean => isFinal(claim.split(' ')[0] ?? '');

/** Whether waiting is useless: a claim has a final state that no world has for it. */
function isContradiction(
  allowed: { seen: Observation }[],
  claims: Record<string, string>,
): boolean {
  const ends = Object.entries(claims).filter(([, claim]) => isEnd(claim));
  return !allowed.some(({ seen }) => ends.every(([name, claim]) => seen.claims[name] === claim));
}

/** An operation that brings some waiting claim nearer to its end. Null if none waits. */
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

/** Checks that every claim's run has closed, and that nothing changed after every claim was final. */
async function checkRuns(now: Play): Promise<void> {
  const { laurel } = now.cast.system;
  // A claim that the API rejected has no run.
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
  const allowed = now.worlds.map(observationOf);
  if (allowed.some((a) => isDeepStrictEqual(a, seen))) return;
  throw new Difference(
    [...now.story, 'and after every run has closed'],
    differences(allowed, seen),
  );
}

function describeEvents({ events }: Sequence): string[] {
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
