/** Draws a trace as a picture for `docs/observability.md`: one bar a span, over time. */
import type { SentSpan } from '../otlp-collector.ts';

/** In pixels: the width of the names, of the bars, and the height of one row. */
const NAMES = 330;
const BARS = 420;
const ROW = 22;
const INDENT = 14;

/** The bars' colours by service; others are grey. */
const COLOURS: Record<string, string> = { 'laurel-api': '#2f6f9f', 'laurel-worker': '#b2642b' };

interface Row {
  span: SentSpan;
  depth: number;
}

/** The spans under a parent, in the order of their beginnings. */
function rowsOf(spans: SentSpan[], parentSpanId: string, depth = 0): Row[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .toSorted((a, b) => Number(a.startNs - b.startNs))
    .flatMap((span) => [{ span, depth }, ...rowsOf(spans, span.spanId, depth + 1)]);
}

const inMs = (ns: bigint) => Number(ns) / 1_000_000;

/**
 * The picture as SVG.
 * @param parentSpanId of the topmost span
 */
export function drawTrace(spans: SentSpan[], parentSpanId: string): string {
  const rows = rowsOf(spans, parentSpanId);
  const startNs = rows.map(({ span }) => span.startNs).reduce((a, b) => (a < b ? a : b));
  const endNs = rows.map(({ span }) => span.endNs).reduce((a, b) => (a > b ? a : b));
  const perMs = BARS / inMs(endNs - startNs);
  const bars = rows.map(({ span, depth }, row) => {
    const y = (row + 1) * ROW;
    const x = NAMES + inMs(span.startNs - startNs) * perMs;
    const ms = inMs(span.endNs - span.startNs);
    const colour = COLOURS[span.service] ?? '#777777';
    return `<text x="${10 + depth * INDENT}" y="${y}">${span.name}</text>
<rect x="${x.toFixed(1)}" y="${y - 11}" width="${Math.max(1, ms * perMs).toFixed(1)}" height="13" fill="${colour}"/>
<text x="${NAMES + BARS + 10}" y="${y}">${ms.toFixed(1)} ms</text>`;
  });
  const width = NAMES + BARS + 90;
  const height = (rows.length + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#222222"><title>The spans of one claim, as bars over time</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${bars.join('\n')}
</svg>
`;
}
