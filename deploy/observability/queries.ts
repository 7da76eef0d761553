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
