/** Every query of the rules and of the boards, and which metrics and labels it names. For tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { BOARDS } from './boards.ts';

/** A rule of Prometheus: a recording or an alert. */
export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** One query, and where it stands. */
export interface Query {
  where: string;
  expr: string;
}

/** The rules of rules.yaml, in order. */
export function readRules(): Rule[] {
  const text = readFileSync(join(import.meta.dirname, 'rules.yaml'), 'utf8');
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** All queries. Grafana's variables are replaced by durations. */
export function allQueries(): Query[] {
  const ofRules = readRules().map(({ record, alert, expr }) => ({
    where: `rules.yaml, ${alert ?? record}`,
    expr,
  }));
  const ofBoards = Object.values(BOARDS).flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      Object.values(panel.shows).map((expr) => ({
        where: `board “${title}”, panel “${panel.title}”`,
        expr: expr.replaceAll(/\$__(rate_)?interval/g, '5m'),
      })),
    ),
  );
  return [...ofRules, ...ofBoards];
}

/** The metrics and the labels that a query names. @throws Error if it is not PromQL */
export function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  parser.parse(expr).iterate({
    enter({ name, from, to, node }) {
      const text = expr.slice(from, to);
      if (node.type.isError) throw new Error(`not PromQL at ${from}: ${expr}`);
      if (name === 'Identifier') metrics.add(text);
      if (name === 'LabelName') labels.add(text);
    },
  });
  return { metrics: [...metrics], labels: [...labels] };
}

/**
 * The metrics that processes show, each with the labels of its series.
 * @param texts what `/metrics` answers, in Prometheus' text format
 */
export function shownIn(texts: readonly string[]): Map<string, Set<string>> {
  const shown = new Map<string, Set<string>>();
  const labelsOf = (metric: string) => {
    const labels = shown.get(metric) ?? new Set();
    shown.set(metric, labels);
    return labels;
  };
  for (const line of texts.join('\n').split('\n')) {
    const [, name = '', type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (type === 'histogram')
      for (const part of ['_bucket', '_count', '_sum']) labelsOf(name + part);
    else if (type !== undefined) labelsOf(name);
    const [, sample, inBraces = ''] = /^([\w:]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (sample === undefined) continue;
    for (const [, label = ''] of inBraces.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g))
      labelsOf(sample).add(label);
  }
  return shown;
}

/**
 * Shown only after a fault, which no test of a healthy stack makes: the SDK's core makes a series when
 * it counts for the first time. Without the prefix `temporal_` each is a text in the core's library.
 */
export const AFTER_A_FAULT: readonly string[] = [
  'temporal_workflow_task_execution_failed',
  'temporal_activity_execution_failed',
  'temporal_local_activity_execution_failed',
  'temporal_request_failure',
  'temporal_long_request_failure',
  'temporal_sticky_cache_total_forced_eviction',
];

/** Labels that Prometheus itself gives every series. */
const BY_PROMETHEUS = ['job', 'instance'];

/**
 * What queries name and processes do not show, one line each. Empty where all is well.
 * @param texts what `/metrics` answers
 * @param isMeant which metrics are looked for; recorded series never are
 */
export function notShown(
  texts: readonly string[],
  isMeant: (metric: string) => boolean = () => true,
): string[] {
  const shown = shownIn(texts);
  return allQueries().flatMap(({ where, expr }) => {
    const { metrics, labels } = namesIn(expr);
    const raw = metrics.filter(
      (metric) => !metric.includes(':') && !AFTER_A_FAULT.includes(metric),
    );
    const missing = raw.filter((metric) => isMeant(metric) && !shown.has(metric));
    // Labels are judged where all series of the query can be seen.
    const isSeen = raw.length === metrics.length && raw.every((metric) => shown.get(metric)?.size);
    const known = new Set([
      ...raw.flatMap((metric) => [...(shown.get(metric) ?? [])]),
      ...BY_PROMETHEUS,
    ]);
    const unknown = isSeen ? labels.filter((label) => !known.has(label)) : [];
    return [...missing, ...unknown.map((label) => `label ${label}`)].map(
      (name) => `${where}: ${name}`,
    );
  });
}

/**
 * The metrics that docs/observability.md explains: those that a row of its tables begins with.
 * Histograms stand there by their name.
 */
export function documented(): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
  const [, tables = ''] = text.split(/^## Metrics$/m);
  const cells = [...tables.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

/** The names of metrics in what `/metrics` answers, a histogram's by its own. */
export function typesIn(texts: readonly string[]): string[] {
  return [...texts.join('\n').matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}
