/** Every order in which things that happen at once can come, and what each leads to. */
import { claimSteps } from './claim-steps.ts';
import type { Operation } from './operations.ts';
import { requestSteps, sent } from './request-steps.ts';
import type { World } from './world.ts';

/** Worlds looked at for one step; a step that needs more does too much at once. */
const MAX_WORLDS = 200_000;

/**
 * The worlds in which everything rests after these operations were sent at once: one for each
 * outcome that some order leads to.
 * @throws Error past 200,000 worlds on the way
 */
export function outcomes(world: World, operations: readonly Operation[]): World[] {
  const start = sent(world, operations);
  const seen = new Set([keyOf(start)]);
  const ends: World[] = [];
  for (const left = [start]; left.length > 0; ) {
    const now = left.pop() as World;
    const next = successors(now);
    if (next.length === 0) ends.push(now);
    for (const after of next) {
      const key = keyOf(after);
      if (seen.has(key)) continue;
      if (seen.size >= MAX_WORLDS) throw new Error('Too much happens at once for the model');
      seen.add(key);
      left.push(after);
    }
  }
  return ends;
}

function successors(world: World): World[] {
  const byRequests = world.requests.flatMap((_, index) => requestSteps(world, index));
  const byClaim = Object.keys(world.claims).map((name) => claimSteps(world, name));
  if (byRequests.length > 0) return [...byRequests, ...byClaim.flat()];
  // From here on no claim looks at what another one does: one order is as good as all.
  return byClaim.find((steps) => steps.length > 0) ?? [];
}

/** The same for worlds that are the same, in whatever order their claims were recorded. */
function keyOf({ events, players, claims, requests }: World): string {
  const named = Object.entries(claims).map(([name, claim]) => `${name} ${textOf(claim)}`);
  const others = [...Object.values(events), ...requests].map(textOf);
  return [...Object.values(players), ...others, ...named.sort()].join('\n');
}

/** Most of a world is shared with the one before it, so texts are remembered. */
const texts = new WeakMap<object, string>();
function textOf(part: object): string {
  const known = texts.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part);
  texts.set(part, text);
  return text;
}
