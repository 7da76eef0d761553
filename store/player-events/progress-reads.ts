/** Which books a query of a player's progress is answered from, and what they come to. Free of I/O. */
import { DAY_MS, dayOf, QUARTER_MS } from '../../domain/conditions/player-event.ts';
import type { ProgressQuery } from '../../domain/conditions/progress.ts';
import { streakOf } from '../../domain/conditions/streak.ts';
import type { ActivityRange } from './player-events.ts';
import { type DayRange, laterOf, type Quarter, type QuarterValue } from './progress-days.ts';

/** From one moment until before another, in milliseconds since the epoch. */
interface Span {
  fromMs: number;
  untilMs: number;
}

/** One query, and the spans it is answered from. No moment lies in two of them. */
interface Plan {
  query: ProgressQuery;
  /** Whole quarters of an hour, from the aggregates; null for none. */
  aggregated: Span | null;
  /** From the activities themselves. */
  raw: Span[];
}

/** What stands where. */
interface Horizon {
  /** Days before this moment are aggregated. */
  foldedBeforeMs: number;
  /** Activities before this moment may have expired. */
  goneBeforeMs: number;
}

export function planReads(queries: ProgressQuery[], horizon: Horizon) {
  const plans = queries.map((query) => planOf(query, horizon));
  return {
    plans,
    dayRanges: dayRangesOf(plans),
    activityRanges: activityRangesOf(plans),
    cutsMs: cutsOf(plans),
  };
}

/** Where a window of some query begins or ends within a quarter of an hour. */
function cutsOf(plans: Plan[]): number[] {
  const edges = plans.flatMap(({ raw }) => raw.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]));
  return [...new Set(edges.filter((ms) => ms % QUARTER_MS !== 0))];
}

const isSpan = ({ fromMs, untilMs }: Span): boolean => fromMs < untilMs;

function planOf(query: ProgressQuery, { foldedBeforeMs, goneBeforeMs }: Horizon): Plan {
  const fromMs = Math.max(query.from?.getTime() ?? 0, 0);
  const untilMs = query.until.getTime();
  const recent = { fromMs: Math.max(fromMs, foldedBeforeMs), untilMs };
  const old = { fromMs, untilMs: Math.min(untilMs, foldedBeforeMs) };
  if (!isSpan(old)) return { query, aggregated: null, raw: [recent].filter(isSpan) };

  // Of a quarter that a window cuts, what lies inside is counted one by one. Where the activities
  // may be gone, the whole quarter counts if its beginning lies inside.
  const firstWholeMs = Math.ceil(old.fromMs / QUARTER_MS) * QUARTER_MS;
  const cutMs = Math.floor(old.untilMs / QUARTER_MS) * QUARTER_MS;
  const isCut = cutMs < old.untilMs;
  const isCutGone = isCut && cutMs < goneBeforeMs;
  const aggregated = { fromMs: firstWholeMs, untilMs: isCutGone ? cutMs + QUARTER_MS : cutMs };
  const head = { fromMs: old.fromMs, untilMs: Math.min(firstWholeMs, old.untilMs) };
  const tail = { fromMs: Math.max(cutMs, firstWholeMs), untilMs: old.untilMs };
  const isHeadGone = firstWholeMs - QUARTER_MS < goneBeforeMs;
  const raw = [...(isHeadGone ? [] : [head]), ...(isCutGone ? [] : [tail]), recent];
  return { query, aggregated: isSpan(aggregated) ? aggregated : null, raw: raw.filter(isSpan) };
}

/** One range a metric, over all that any query asks of it. */
function dayRangesOf(plans: Plan[]): DayRange[] {
  const ranges = new Map<string, DayRange>();
  for (const { query, aggregated } of plans) {
    if (!aggregated) continue;
    const { metric } = query;
    const keys = keysOf(query);
    const fromDay = dayOf(aggregated.fromMs);
    const untilDay = Math.ceil(aggregated.untilMs / DAY_MS);
    const known = ranges.get(metric) ?? { metric, keys, fromDay, untilDay };
    ranges.set(metric, {
      metric,
      keys: known.keys && keys && [...new Set([...known.keys, ...keys])],
      fromDay: Math.min(known.fromDay, fromDay),
      untilDay: Math.max(known.untilDay, untilDay),
    });
  }
  return [...ranges.values()];
}

/** A gauge without a key is one of its own; without a key all else counts every key: null. */
function keysOf({ key, aggregation }: ProgressQuery): (string | null)[] | null {
  const isGauge = aggregation === 'HIGHEST' || aggregation === 'LATEST';
  return key === null && !isGauge ? null : [key];
}

/** Ranges that no moment of a metric is twice in, as few as can be. */
function activityRangesOf(plans: Plan[]): ActivityRange[] {
  const metrics = Map.groupBy(
    plans.flatMap(({ query, raw }) => raw.map((span) => ({ metric: query.metric, span }))),
    ({ metric }) => metric,
  );
  const ranges = new Map<string, ActivityRange>();
  for (const [metric, spans] of metrics) {
    for (const { fromMs, untilMs } of merged(spans.map(({ span }) => span))) {
      const id = `${fromMs} ${untilMs}`;
      const range = ranges.get(id) ?? { metrics: [], fromMs, untilMs };
      range.metrics.push(metric);
      ranges.set(id, range);
    }
  }
  return [...ranges.values()];
}

function merged(spans: Span[]): Span[] {
  const sorted = spans.toSorted((a, b) => a.fromMs - b.fromMs);
  const whole: Span[] = [];
  for (const span of sorted) {
    const last = whole.at(-1);
    if (last && span.fromMs <= last.untilMs) last.untilMs = Math.max(last.untilMs, span.untilMs);
    else whole.push({ ...span });
  }
  return whole;
}

const isWithin = ({ fromMs, untilMs }: Span, ms: number): boolean => fromMs <= ms && ms < untilMs;

/** What the query's answer is, by all that was read for it and others. */
export function answerTo(
  plan: Plan,
  quarters: QuarterValue[],
  activities: QuarterValue[],
): number | null {
  const { query, aggregated, raw } = plan;
  const keys = keysOf(query);
  const isAsked = ({ metric, key }: QuarterValue) =>
    metric === query.metric && (keys === null || keys.includes(key));
  const parts = [
    ...quarters.filter((q) => isAsked(q) && aggregated !== null && isWithin(aggregated, q.startMs)),
    ...activities.filter((a) => isAsked(a) && raw.some((span) => isWithin(span, a.startMs))),
  ];
  return combine(query, parts);
}

function combine(query: ProgressQuery, parts: QuarterValue[]): number | null {
  switch (query.aggregation) {
    case 'COUNT':
      return parts.reduce((sum, part) => sum + part.sum, 0);
    case 'HIGHEST':
      return parts.reduce<number | null>((highest, part) => higherOf(highest, part.highest), null);
    case 'LATEST':
      return (
        parts.reduce<Quarter['latest']>((latest, part) => laterOf(latest, part.latest), null)
          ?.value ?? null
      );
    case 'STREAK':
      return streakOf(
        parts.flatMap(({ first, last }) => [first.getTime(), last.getTime()]),
        query,
        // `until` is exclusive.
        new Date(query.until.getTime() - 1),
      );
  }
}

function higherOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
