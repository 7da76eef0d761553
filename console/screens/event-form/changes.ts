/** What was changed: for a partial update, and where two people changed the same event. */
import type { EventFields, EventPatch, Reward } from '../events/types.ts';
import { FIELD_NAMES } from '../events/types.ts';

/** Where a value is: `['title']`, `['period', 'kind']`, `['rewards', 'cape', 'stock']`. */
type Path = readonly string[];

/** A value that differs between what was saved meanwhile and what is to be saved. */
export interface Difference {
  path: Path;
  /** As it was when the form was opened. Undefined: there was none. */
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Whose value stands without asking: only that one was changed. Undefined: both were. */
  settled: Side | undefined;
}
export type Side = 'mine' | 'theirs';

/** The fields whose parts are compared one by one. */
const PARTED = ['period', 'fulfillment', 'parkedAfter'] as const;

/** Whether two values of JSON are the same; the order of names does not count. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sortedNames) === JSON.stringify(other, sortedNames);
}

function sortedNames(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The body of a partial update: changed fields alone. A reward whose stock was not changed is named
 * without it, so that units which somebody adds meanwhile stay.
 */
export function patchOf(base: EventFields, mine: EventFields): EventPatch {
  const changed = FIELD_NAMES.filter((name) => !same(base[name], mine[name]));
  const patch: Record<string, unknown> = Object.fromEntries(
    changed.map((name) => [name, mine[name]]),
  );
  for (const name of ['period', 'parkedAfter'] as const) {
    if (name in patch) patch[name] = changedParts(base[name], mine[name]);
  }
  if ('rewards' in patch) {
    patch.rewards = mine.rewards.map((reward) => {
      const before = rewardIn(base, reward.rewardId);
      if (!before || before.stock !== reward.stock) return reward;
      const { stock: _, ...rest } = reward;
      return rest;
    });
  }
  return patch as EventPatch;
}

function changedParts(before: object, after: object): object {
  const old = new Map(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => old.get(name) !== value),
  );
}

/** Every value in which my fields and theirs differ. */
export function differencesOf(
  base: EventFields,
  mine: EventFields,
  theirs: EventFields,
): Difference[] {
  return pathsOf([base, mine, theirs])
    .map((path) => {
      const [b, m, other] = [valueAt(base, path), valueAt(mine, path), valueAt(theirs, path)];
      const settled: Side | undefined = same(m, b) ? 'theirs' : same(other, b) ? 'mine' : undefined;
      return { path, base: b, mine: m, theirs: other, settled };
    })
    .filter((difference) => !same(difference.mine, difference.theirs));
}

/** Their fields with those values of mine that were picked. */
export function merged(theirs: EventFields, picked: readonly Difference[]): EventFields {
  const fields = structuredClone(theirs);
  for (const { path, mine } of picked) setAt(fields, path, mine);
  return fields;
}

function pathsOf(versions: readonly EventFields[]): Path[] {
  const [first] = versions;
  const paths = FIELD_NAMES.filter((name) => name !== 'rewards').flatMap((name) => {
    const parted = PARTED.find((field) => field === name);
    return first && parted ? Object.keys(first[parted]).map((part) => [parted, part]) : [[name]];
  });
  const ids = new Set(versions.flatMap(({ rewards }) => rewards.map(({ rewardId }) => rewardId)));
  const ofRewards = [...ids].flatMap((rewardId) => {
    // One that was added or removed is taken or left as a whole.
    const isInAll = versions.every((fields) => rewardIn(fields, rewardId));
    const parts = ['kind', 'name', 'quantity', 'stock'];
    return isInAll ? parts.map((part) => ['rewards', rewardId, part]) : [['rewards', rewardId]];
  });
  return [...paths, ...ofRewards];
}

function rewardIn({ rewards }: EventFields, rewardId: string): Reward | undefined {
  return rewards.find((reward) => reward.rewardId === rewardId);
}

function valueAt(fields: EventFields, [name = '', ...rest]: Path): unknown {
  const [part, last] = rest;
  if (name === 'rewards' && part !== undefined) {
    const reward = rewardIn(fields, part) as Record<string, unknown> | undefined;
    return last === undefined ? reward : reward?.[last];
  }
  const value = (fields as unknown as Record<string, unknown>)[name];
  return part === undefined ? value : (value as Record<string, unknown>)[part];
}

function setAt(fields: EventFields, [name = '', ...rest]: Path, value: unknown): void {
  const [part, last] = rest;
  if (name === 'rewards' && part !== undefined) {
    const reward = rewardIn(fields, part);
    if (last !== undefined) Object.assign(reward ?? {}, { [last]: value });
    else setReward(fields, part, value as Reward | undefined);
    return;
  }
  const at = part === undefined ? fields : (fields as unknown as Record<string, object>)[name];
  Object.assign(at ?? {}, { [part ?? name]: value });
}

function setReward(fields: EventFields, rewardId: string, reward: Reward | undefined): void {
  const index = fields.rewards.findIndex((known) => known.rewardId === rewardId);
  const given = reward ? [reward] : [];
  fields.rewards.splice(index < 0 ? fields.rewards.length : index, index < 0 ? 0 : 1, ...given);
}
