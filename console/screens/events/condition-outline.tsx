import { number } from '../../app/format.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Condition, Leaf } from './types.ts';

/** A condition as it is written, as a tree. */
export function ConditionOutline({ condition }: { condition: Condition }) {
  return (
    <ul class="condition">
      <Node condition={condition} />
    </ul>
  );
}

function Node({ condition }: { condition: Condition }) {
  if ('metric' in condition) {
    return (
      <li>
        <code>{condition.key ? `${condition.metric} ${condition.key}` : condition.metric}</code>{' '}
        {leafText(condition)}
      </li>
    );
  }
  const { common } = t();
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
          <Node key={index} condition={child} />
        ))}
      </ul>
    </li>
  );
}

/** What a leaf asks for beside its metric. What an unfinished form holds is shown as it is. */
function leafText(leaf: Leaf): string {
  const { common, events } = t();
  const { atLeast, atMost, equals, window, source } = leaf as Partial<Leaf>;
  const parts = [
    atLeast !== undefined && common.atLeast(numberOrText(atLeast)),
    atMost !== undefined && common.atMost(numberOrText(atMost)),
    equals !== undefined && common.equals(numberOrText(equals)),
    window && wordFor(events.conditionWindow, window),
    source && source !== 'progress' && events.fromSource(source),
  ];
  return parts.filter(Boolean).join(', ');
}

/** A number as the language writes it; anything else as it is. */
export function numberOrText(value: unknown): string {
  return typeof value === 'number' ? number(value) : String(value);
}
