import { number } from '../app/format.ts';
import { t } from '../app/text/index.ts';
import type { Condition, Explained } from '../app/types.ts';
import { Badge } from './badge.tsx';

type Leaf = Extract<Explained, { metric: string }>;

/** A judged condition as a tree: what the player has, what is needed, whether it is met. */
export function ConditionTree({ condition }: { condition: Explained }) {
  return (
    <ul class="condition">
      <Node condition={condition} />
    </ul>
  );
}

function Node({ condition }: { condition: Explained }) {
  const { common } = t();
  if ('metric' in condition) {
    return (
      <li>
        <LeafLine leaf={condition} />
      </li>
    );
  }
  const [title, children] =
    'all' in condition
      ? [common.allOf, condition.all]
      : 'any' in condition
        ? [common.anyOf, condition.any]
        : [common.notThis, [condition.not]];
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

/** A condition as it is written, judged for nobody. */
export function PlainConditionTree({ condition }: { condition: Condition }) {
  return (
    <ul class="condition">
      <PlainNode condition={condition} />
    </ul>
  );
}

function PlainNode({ condition }: { condition: Condition }) {
  const { common } = t();
  if ('metric' in condition) {
    const { metric, key } = condition;
    return (
      <li>
        <code>{key ? `${metric} ${key}` : metric}</code> {needOf(condition)}
      </li>
    );
  }
  const [title, children] =
    'all' in condition
      ? [common.allOf, condition.all]
      : 'any' in condition
        ? [common.anyOf, condition.any]
        : [common.notThis, [condition.not]];
  return (
    <li>
      {title}
      <ul>
        {children.map((child, index) => (
          <PlainNode key={index} condition={child} />
        ))}
      </ul>
    </li>
  );
}
