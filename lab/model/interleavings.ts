/** Every order in which concurrent steps can happen, and the worlds that they lead to. */
import { claimSteps } from './claim-steps.ts';
import type { Operation } from './operations.ts';
import { requestSteps, sent } from './request-steps.ts';
import type { World } from './world.ts';

/** Most worlds explored for one step, so that one that is too concurrent fails and does not run on. */
const MAX_WORLDS = 200_000;

/**
 * Sends these operations at once, and returns the worlds in which nothing moves any more: one for
 * each outcome of some order.
 * @throws Error past `MAX_WORLDS`
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
  // With every request answered, claims no longer affect each other, so one order is enough.
  return byClaim.find((steps) => steps.length > 0) ?? [];
}

/** A key that is equal for equal worlds, in whatever order their claims were recorded. */
function keyOf({ events, players, claims, requests }: World): string {
  const named = Object.entries(claims).map(([name, claim]) => `${name} ${textOf(claim)}`);
  const others = [...Object.values(events), ...requests].map(textOf);
  return [...Object.values(players), ...others, ...named.sort()].join('\n');
}

/** Most parts of a world are shared with the one before it, so their texts are cached. */
const texts = new WeakMap<object, string>();
function textOf(part: object): string {
  const known = texts.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part);
  texts.set(part, text);
  return text;
}
