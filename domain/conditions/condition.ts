/**
 * A condition: a tree of comparisons, each of one of the player's numbers. Pure: the numbers are
 * read in `condition-facts.ts` and passed in, one for each leaf.
 */

export const COMPARATORS = ['atLeast', 'atMost', 'equals'] as const;
type Comparator = (typeof COMPARATORS)[number];

export const CONDITION_WINDOWS = ['EVENT', 'PERIOD', 'ALL_TIME'] as const;
/**
 * Where the window of a leaf begins. `EVENT`: with the play window. `PERIOD`: with the claim's
 * period, but not before the play window. `ALL_TIME`: nowhere. Every window ends with the claim's
 * play moment.
 */
export type ConditionWindow = (typeof CONDITION_WINDOWS)[number];

/** One comparison. It has exactly one of the comparators. */
export type Leaf = { metric: string } & {
  key?: string;
  window?: ConditionWindow;
  /** Who knows the number: `progress` for Laurel itself, or the name of a provider. */
  source?: string;
} & { [C in Comparator]?: number };

/** A condition as the operator wrote it: no defaults are filled in. */
export type Condition = Leaf | { all: Condition[] } | { any: Condition[] } | { not: Condition };

/** A player's number for one leaf. Null: the player has none yet. Undefined: it is not known. */
export type Fact = number | null | undefined;

/** Whether a condition is met. Null: too little is known. */
export type Met = boolean | null;

type Judged = { met: Met };

/**
 * The tree with the result of each node. A leaf also has the player's number and the needed one.
 */
export type Explained =
  | (Leaf & Judged & { have: number | null; need: number })
  | (Judged & { all: Explained[] })
  | (Judged & { any: Explained[] })
  | (Judged & { not: Explained });

/** The most leaves of one tree. A campaign needs about five. */
export const MOST_LEAVES = 50;

/** The most levels of one tree. A campaign needs about three. */
export const DEEPEST = 8;

/** A leaf and the JSON pointer to it from the tree's root (RFC 6901). */
interface PlacedLeaf {
  leaf: Leaf;
  pointer: string;
}

/** The tree's leaves from left to right. `explain` takes the facts in this order. */
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
 * Judges a condition for a player.
 * @param facts one for each leaf, in the order of `leavesOf`
 * @throws RangeError if there are not as many facts as leaves
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
    return { all, met: combined(all, false) };
  }
  if ('any' in condition) {
    const any = condition.any.map((child) => explainNode(child, next));
    return { any, met: combined(any, true) };
  }
  const have = next();
  return { ...condition, have: have ?? null, need: needOf(condition), met: holds(condition, have) };
}

/**
 * The result of `all` (decisive: false) or `any` (decisive: true): one decisive child decides.
 * Without one, the result is not known if a child's is not.
 */
function combined(children: readonly Judged[], decisive: boolean): Met {
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

/** Compares a leaf. A player without a number yet meets no comparison. */
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
