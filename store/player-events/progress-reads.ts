/**
 * Plans which sources answer a query of a player's progress (aggregates, or the player events), and
 * sums up what was read. Without I/O.
 */
import { DAY_MS, dayOf, QUARTER_MS } from '../../domain/conditions/player-event.ts';
import type { ProgressQuery } from '../../domain/conditions/progress.ts';
import { streakOf } from '../../domain/conditions/streak.ts';
import type { PlayerEventRange } from './player-events.ts';
import { type DayRange, laterOf, type QuarterValue } from './progress-days.ts';

/** From `fromMs` until before `untilMs`, in milliseconds since the epoch. */
interface Span {
  fromMs: number;
  untilMs: number;
}

/** A query, and the spans that answer it. No time is in two of them. */
export interface Plan {
  query: ProgressQuery;
  /** Whole quarters of an hour, read from the aggregates; null for none. */
  aggregated: Span | null;
  /** Read from the player events themselves. */
  raw: Span[];
}

/** Which source has what. */
export interface Horizon {
  /** Days before this time are aggregated. */
  foldedBeforeMs: number;
  /** Player events before this time may have expired. */
  goneBeforeMs: number;
}

/** The plan of each query, and the reads that all of them need together. */
export function planReads(queries: ProgressQuery[], horizon: Horizon) {
  const plans = queries.map((query) => planOf(query, horizon));
  return {
    plans,
    dayRanges: dayRangesOf(plans),
    playerEventRanges: playerEventRangesOf(plans),
    cutsMs: cutsOf(plans),
  };
}

/** Where the window of a query begins or ends within a quarter of an hour. */
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

  // Where a window cuts a quarter, the events inside the window are counted one by one. Where they
  // may have expired, the whole quarter counts if its start is inside.
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

/** One range for each metric, over everything that a query asks of it. */
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

/** A gauge without a key is a gauge of its own; other queries without one count all: null. */
function keysOf({ key, aggregation }: ProgressQuery): (string | null)[] | null {
  const isGauge = aggregation === 'HIGHEST' || aggregation === 'LATEST';
  return key === null && !isGauge ? null : [key];
}

/** As few ranges as possible, in which no time of a metric occurs twice. */
function playerEventRangesOf(plans: Plan[]): PlayerEventRange[] {
  const ranges = new Map<string, PlayerEventRange>();
  for (const [metric, ofMetric] of Map.groupBy(plans, ({ query }) => query.metric)) {
    for (const { fromMs, untilMs } of merged(ofMetric.flatMap(({ raw }) => raw))) {
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

/** A query's answer, from everything that was read for all queries. */
export function answerTo(
  plan: Plan,
  quarters: QuarterValue[],
  playerEvents: QuarterValue[],
): number | null {
  const { query, aggregated, raw } = plan;
  const keys = keysOf(query);
  const isAsked = ({ metric, key }: QuarterValue) =>
    metric === query.metric && (keys === null || keys.includes(key));
  const parts = [
    ...quarters.filter((q) => isAsked(q) && aggregated !== null && isWithin(aggregated, q.startMs)),
    ...playerEvents.filter((a) => isAsked(a) && raw.some((span) => isWithin(span, a.startMs))),
  ];
  return combine(query, parts);
}

function combine(query: ProgressQuery, parts: QuarterValue[]): number | null {
  switch (query.aggregation) {
    case 'COUNT':
      return parts.reduce((sum, part) => sum + part.sum, 0);
    case 'HIGHEST':
      return parts.map(({ highest }) => highest).reduce(higherOf, null);
    case 'LATEST':
      return parts.map(({ latest }) => latest).reduce(laterOf, null)?.value ?? null;
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
