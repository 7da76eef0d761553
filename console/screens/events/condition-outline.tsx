import { number } from '../../app/format.ts';
import { t, wordFor } from '../../app/text/index.ts';
import { PlainConditionTree } from '../../parts/condition-tree.tsx';
import type { Condition, Leaf } from './types.ts';

/** A condition as it is written, as a tree, each leaf with its window and source. */
export function ConditionOutline({ condition }: { condition: Condition }) {
  return <PlainConditionTree condition={condition} leafText={leafText} />;
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
