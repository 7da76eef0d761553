/** A reward's stock as a bar, and what was available while the page was open as a curve. */
import { useRef } from 'preact/hooks';
import type { Overview } from '../../app/types.ts';

/** As the server says something new every two seconds at most: ten minutes. */
const POINTS_KEPT = 300;

/** The curve's own units. */
const WIDTH = 240;
const HEIGHT = 32;

/**
 * What the server said was available, by event and reward, since the page was opened.
 * @returns by `{eventId} {rewardId}`, the latest last
 */
export function useStockHistory(of: Overview): ReadonlyMap<string, readonly number[]> {
  const history = useRef(new Map<string, number[]>());
  const added = useRef('');
  if (added.current !== of.at) {
    added.current = of.at;
    history.current = withOverview(history.current, of);
  }
  return history.current;
}

/** Events that are no longer live are left out. */
function withOverview(before: Map<string, number[]>, of: Overview): Map<string, number[]> {
  const after = new Map<string, number[]>();
  for (const { eventId, rewards } of of.events) {
    for (const { rewardId, available } of rewards) {
      if (available === null) continue;
      const key = `${eventId} ${rewardId}`;
      after.set(key, [...(before.get(key) ?? []), available].slice(-POINTS_KEPT));
    }
  }
  return after;
}

/** What is granted, held and left of a stock. The same is said in words beside it. */
export function StockBar(props: { stock: number; held: number; granted: number }) {
  const share = (units: number) => `${props.stock > 0 ? (100 * units) / props.stock : 0}%`;
  return (
    <svg class="stock-bar" width="100%" height="8" aria-hidden="true">
      <rect class="left" width="100%" height="8" />
      <rect class="held" width={share(props.held + props.granted)} height="8" />
      <rect class="granted" width={share(props.granted)} height="8" />
    </svg>
  );
}

/** Nothing until there are two values. */
export function StockCurve({ values, stock }: { values: readonly number[]; stock: number }) {
  if (values.length < 2 || stock === 0) return null;
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, index) => {
    const y = HEIGHT - 1 - (value / stock) * (HEIGHT - 2);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      class="stock-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
