/**
 * A condition: a tree of comparisons of one player's numbers, and what it comes to. Pure: the
 * numbers are read elsewhere (`condition-facts.ts`) and given here, one a leaf.
 */

export const COMPARATORS = ['atLeast', 'atMost', 'equals'] as const;
type Comparator = (typeof COMPARATORS)[number];

export const CONDITION_WINDOWS = ['EVENT', 'PERIOD', 'ALL_TIME'] as const;
/**
 * Where it begins. `EVENT`: with the play window. `PERIOD`: with the period the claim is in, but not
 * before the play window. Each ends with the claim's play moment.
 */
export type ConditionWindow = (typeof CONDITION_WINDOWS)[number];

/** One comparison. Exactly one of the comparators is there. */
export type Leaf = { metric: string } & {
  key?: string;
  window?: ConditionWindow;
  /** `progress`, which is Laurel's own books, or the name of a provider. */
  source?: string;
} & { [C in Comparator]?: number };

/** As the operator wrote it: what was left out is not filled in. */
export type Condition = Leaf | { all: Condition[] } | { any: Condition[] } | { not: Condition };

/** A player's number for one leaf: null where there is none yet, undefined where it is not known. */
export type Fact = number | null | undefined;

/** Whether it holds; null where too little is known to say. */
export type Met = boolean | null;

type Judged = { met: Met };

/** The tree with what the player has, what is needed, and whether it is met, on every leaf. */
export type Explained =
  | (Leaf & Judged & { have: number | null; need: number })
  | (Judged & { all: Explained[] })
  | (Judged & { any: Explained[] })
  | (Judged & { not: Explained });

/** Leaves of one tree, and how deep it may be; a campaign needs a handful and three. */
export const MOST_LEAVES = 50;
export const DEEPEST = 8;

/** A leaf and the JSON pointer to it from the tree's root (RFC 6901). */
interface PlacedLeaf {
  leaf: Leaf;
  pointer: string;
}

/** The tree's leaves from left to right: the order in which `explain` takes their facts. */
export function leavesOf(condition: Condition, pointer = ''): PlacedLeaf[] {
  if ('not' in condition) return leavesOf(condition.not, `${pointer}/not`);
  if ('all' in condition) return leavesAmong(condition.all, `${pointer}/all`);
  if ('any' in condition) return leavesAmong(condition.any, `${pointer}/any`);
  return [{ leaf: condition, pointer }];
}

function leavesAmong(conditions: readonly Condition[], pointer: string): PlacedLeaf[] {
  return conditions.flatMap((condition, i) => leavesOf(condition, `${pointer}/${i}`));
}

/**
 * What the condition comes to for a player.
 * @param facts one a leaf, in the order of `leavesOf`
 * @throws RangeError where there are not as many facts as leaves
 */
export function explain(condition: Condition, facts: readonly Fact[]): Explained {
  const left = [...facts].reverse();
  const explained = explainNode(condition, () => {
    if (left.length === 0) throw new RangeError('There are fewer facts than leaves.');
    return left.pop();
  });
  if (left.length > 0) throw new RangeError('There are more facts than leaves.');
  return explained;
}

function explainNode(condition: Condition, next: () => Fact): Explained {
  if ('not' in condition) {
    const not = explainNode(condition.not, next);
    return { not, met: not.met === null ? null : !not.met };
  }
  if ('all' in condition) {
    const all = condition.all.map((child) => explainNode(child, next));
    return { all, met: worst(all, false) };
  }
  if ('any' in condition) {
    const any = condition.any.map((child) => explainNode(child, next));
    return { any, met: worst(any, true) };
  }
  const have = next();
  return { ...condition, have: have ?? null, need: needOf(condition), met: holds(condition, have) };
}

/** The verdict that one child alone decides; else not known where any is not; else the other one. */
function worst(children: readonly Judged[], decisive: boolean): Met {
  if (children.some(({ met }) => met === decisive)) return decisive;
  return children.some(({ met }) => met === null) ? null : !decisive;
}

function comparatorOf(leaf: Leaf): Comparator {
  const found = COMPARATORS.find((comparator) => leaf[comparator] !== undefined);
  if (!found) throw new RangeError(`The leaf ${leaf.metric} compares with nothing.`);
  return found;
}

function needOf(leaf: Leaf): number {
  return leaf[comparatorOf(leaf)] as number;
}

/** A number that is not there yet is neither small nor large: it meets nothing. */
function holds(leaf: Leaf, have: Fact): Met {
  if (have === undefined) return null;
  if (have === null) return false;
  const need = needOf(leaf);
  switch (comparatorOf(leaf)) {
    case 'atLeast':
      return have >= need;
    case 'atMost':
      return have <= need;
    case 'equals':
      return have === need;
  }
}
