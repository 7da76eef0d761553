import { number } from '../app/format.ts';
import { t } from '../app/text/index.ts';
import type { Condition, Explained } from '../app/types.ts';
import { Badge } from './badge.tsx';

type Leaf = Extract<Explained, { metric: string }>;
type PlainLeaf = Extract<Condition, { metric: string }>;

/** A judged condition as a tree: what the player has, what is needed, whether it is met. */
export function ConditionTree({ condition }: { condition: Explained }) {
  return (
    <ul class="condition">
      <Node condition={condition} />
    </ul>
  );
}

function Node({ condition }: { condition: Explained }) {
  if ('metric' in condition) {
    return (
      <li>
        <LeafLine leaf={condition} />
      </li>
    );
  }
  const [title, children] = branchOf(condition);
  return (
    <li>
      <Met met={condition.met} /> {title}
      <ul>
        {children.map((child, index) => (
          <Node key={index} condition={child} />
        ))}
      </ul>
    </li>
  );
}

function LeafLine({ leaf }: { leaf: Leaf }) {
  const { common } = t();
  const { have } = leaf;
  return (
    <>
      <Met met={leaf.met} /> <code>{leaf.key ? `${leaf.metric} ${leaf.key}` : leaf.metric}</code>{' '}
      <span>
        {common.have} <strong>{have === null ? common.neverReported : number(have)}</strong>,{' '}
        {common.need} {needOf(leaf)}
      </span>
    </>
  );
}

function needOf(leaf: Pick<Leaf, 'atLeast' | 'atMost' | 'equals'>): string {
  const { common } = t();
  const parts = [
    leaf.atLeast !== undefined && common.atLeast(number(leaf.atLeast)),
    leaf.atMost !== undefined && common.atMost(number(leaf.atMost)),
    leaf.equals !== undefined && common.equals(number(leaf.equals)),
  ];
  return parts.filter(Boolean).join(', ');
}

function Met({ met }: { met: boolean | null }) {
  const { common } = t();
  if (met === null) return <Badge tone="wait">{common.notKnown}</Badge>;
  return met ? <Badge tone="good">{common.met}</Badge> : <Badge tone="bad">{common.notMet}</Badge>;
}

/** How a branch combines its children, in words, and the children. */
function branchOf<T>(branch: { all: T[] } | { any: T[] } | { not: T }): [string, T[]] {
  const { common } = t();
  if ('all' in branch) return [common.allOf, branch.all];
  if ('any' in branch) return [common.anyOf, branch.any];
  return [common.notThis, [branch.not]];
}

interface PlainProps {
  condition: Condition;
  /** What a leaf asks for beside its metric; its bounds unless given. */
  leafText?: (leaf: PlainLeaf) => string;
}

/** A condition as it is written, judged for nobody. */
export function PlainConditionTree(props: PlainProps) {
  return (
    <ul class="condition">
      <PlainNode {...props} />
    </ul>
  );
}

function PlainNode({ condition, leafText = needOf }: PlainProps) {
  if ('metric' in condition) {
    const { metric, key } = condition;
    return (
      <li>
        <code>{key ? `${metric} ${key}` : metric}</code> {leafText(condition)}
      </li>
    );
  }
  const [title, children] = branchOf(condition);
  return (
    <li>
      {title}
      <ul>
        {children.map((child, index) => (
          <PlainNode key={index} condition={child} leafText={leafText} />
        ))}
      </ul>
    </li>
  );
}
