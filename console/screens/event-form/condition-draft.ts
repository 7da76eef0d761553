/** A condition while it is built: every field is a text, and a node keeps its identity. */
import type { Condition, Leaf } from '../events/types.ts';

export type GroupKind = 'all' | 'any' | 'not';
export const COMPARATORS = ['atLeast', 'atMost', 'equals'] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** What a leaf without a `source` asks. */
const OWN_SOURCE = 'progress';

export interface LeafDraft {
  id: number;
  kind: 'leaf';
  metric: string;
  key: string;
  comparator: Comparator;
  value: string;
  /** Empty: the metric's own. */
  window: string;
  /** Empty: Laurel's own counts. */
  source: string;
}

export interface GroupDraft {
  id: number;
  kind: GroupKind;
  /** One of `not`. */
  children: ConditionDraft[];
}

export type ConditionDraft = LeafDraft | GroupDraft;

let lastId = 0;
/** A number that tells a row of the form from all others. */
export function nextId(): number {
  lastId += 1;
  return lastId;
}

/** A leaf with nothing filled in. */
export function newLeaf(): LeafDraft {
  return {
    id: nextId(),
    kind: 'leaf',
    metric: '',
    key: '',
    comparator: 'atLeast',
    value: '1',
    window: '',
    source: '',
  };
}

/** A group around a node, or around a new leaf. */
export function newGroup(kind: GroupKind, child: ConditionDraft = newLeaf()): GroupDraft {
  return { id: nextId(), kind, children: [child] };
}

/** The API's condition as a draft. */
export function draftOf(condition: Condition): ConditionDraft {
  if ('all' in condition) return group('all', condition.all);
  if ('any' in condition) return group('any', condition.any);
  if ('not' in condition) return group('not', [condition.not]);
  const comparator = COMPARATORS.find((name) => condition[name] !== undefined) ?? 'atLeast';
  const { source = OWN_SOURCE } = condition as Partial<Leaf>;
  return {
    id: nextId(),
    kind: 'leaf',
    metric: condition.metric,
    key: condition.key ?? '',
    comparator,
    value: String(condition[comparator] ?? ''),
    window: condition.window ?? '',
    source: source === OWN_SOURCE ? '' : source,
  };
}

function group(kind: GroupKind, children: readonly Condition[]): GroupDraft {
  return { id: nextId(), kind, children: children.map(draftOf) };
}

/** The draft as the API takes it. What does not fit is sent as it is: the API says what is wrong. */
export function conditionOf(draft: ConditionDraft): Condition {
  if (draft.kind === 'leaf') return leafOf(draft);
  const children = draft.children.map(conditionOf);
  const value = draft.kind === 'not' ? children[0] : children;
  return { [draft.kind]: value } as unknown as Condition;
}

function leafOf({ metric, key, comparator, value, window, source }: LeafDraft): Condition {
  return {
    metric: metric.trim(),
    ...(key && { key }),
    [comparator]: numberIn(value),
    ...(window && { window }),
    ...(source && { source }),
  } as unknown as Condition;
}

/** The number that a text is; the text itself where it is none, for the API to refuse. */
export function numberIn(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : (text as unknown as number);
}
