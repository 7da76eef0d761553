/** What hangs together in these files: alerts and the runbook, boards and their JSON, versions. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { PROMETHEUS_VERSION } from '../../local/install/promtool.ts';
import { anchorsOf } from '../../test/document-references.ts';
import { readCompose } from '../compose-file.ts';
import { BOARDS } from './boards.ts';
import { boardJson, boardPath } from './make-boards.ts';
import { AFTER_A_FAULT, allQueries, namesIn, type Rule, readRules, shownIn } from './queries.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const rules = readRules();
const alerts = rules.filter(({ alert }) => alert !== undefined);
const objectives = [...new Set(rules.flatMap(({ labels }) => labels?.objective ?? []))];

/** Where an alert's link can lead: one anchor for each objective if it names the objective. */
function anchorsOfAlert({ annotations }: Rule): string[] {
  const url = annotations?.runbook_url ?? '';
  const [, anchor] = /^\{\{ \$externalLabels\.runbook \}\}#(.+)$/.exec(url) ?? [];
  assert.ok(anchor, url);
  if (!anchor.includes('{{')) return [anchor];
  return objectives.map((objective) => anchor.replace('{{ $labels.objective }}', objective));
}

describe('the alerts', () => {
  it('each say how bad it is, what it is and what it means', () => {
    assert.ok(alerts.length > 10);
    for (const { alert, labels, annotations } of alerts) {
      assert.match(alert ?? '', /^Laurel[A-Z]/);
      assert.match(labels?.severity ?? '', /^(page|ticket)$/, alert);
      assert.ok(annotations?.summary && annotations.description, alert);
    }
  });

  it('each lead to a section of the runbook', () => {
    assert.equal(objectives.length, 4);
    const sections = anchorsOf(read('docs/runbook.md'));
    const lost = alerts.flatMap((rule) =>
      anchorsOfAlert(rule)
        .filter((anchor) => !sections.has(anchor))
        .map((anchor) => `${rule.alert} leads to #${anchor}`),
    );
    assert.deepEqual(lost, []);
  });

  it('are each seen to fire by a test of the rules', () => {
    const tests = read('deploy/observability/rules.test.yaml');
    const untested = alerts.filter(({ alert }) => !tests.includes(`alertname="${alert}"`));
    assert.deepEqual(untested, []);
  });

  it('begin their links with what Prometheus is given as `runbook`', () => {
    const { global } = parse(read('deploy/observability/prometheus.yaml'));
    assert.match(global.external_labels.runbook, /^\$\{RUNBOOK_URL\}$/);
    const { prometheus } = readCompose().file.services;
    assert.match(prometheus?.environment?.RUNBOOK_URL ?? '', /^http.*\/runbook\.html$/);
  });
});

describe('the boards', () => {
  it('are the files that Grafana reads, as `npm run boards` writes them', () => {
    const files = Object.keys(BOARDS).map((name) => basename(boardPath(name)));
    assert.deepEqual(readdirSync(join(import.meta.dirname, 'dashboards')).sort(), files.sort());
    for (const [name, board] of Object.entries(BOARDS)) {
      const path = boardPath(name);
      assert.equal(readFileSync(path, 'utf8'), boardJson(name, board), `npm run boards: ${path}`);
      const json = JSON.parse(readFileSync(path, 'utf8'));
      assert.equal(json.panels.length, board.panels.length);
    }
  });

  it('begin with one that is there', () => {
    const { grafana } = readCompose().file.services;
    const home = grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
    assert.ok(
      Object.keys(BOARDS)
        .map(boardPath)
        .some((path) => basename(path) === basename(home)),
    );
  });
});

describe('the queries', () => {
  it('are PromQL, and every recorded series that one reads is recorded', () => {
    const recorded = new Set(rules.map(({ record }) => record));
    for (const { where, expr } of allQueries()) {
      const { metrics } = namesIn(expr);
      assert.ok(metrics.length > 0 || expr.startsWith('vector('), where);
      for (const metric of metrics.filter((name) => name.includes(':')))
        assert.ok(recorded.has(metric), `${where} reads ${metric}, which no rule records`);
    }
  });

  it('are understood: metrics, labels, and what is no query', () => {
    assert.deepEqual(namesIn('sum by (a) (rate(x_bucket{b="1",le=~"2"}[5m])) unless on (c) y'), {
      metrics: ['x_bucket', 'y'],
      labels: ['a', 'b', 'le', 'c'],
    });
    assert.throws(() => namesIn('sum by (a) (rate(x[5m])'), /not PromQL/);
  });

  it("name nothing of Temporal's SDK that is in no library of it", () => {
    const releases = join(ROOT, 'node_modules/@temporalio/core-bridge/releases');
    const [library = ''] = globSync(
      join(releases, `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-*/index.node`),
    );
    const core = readFileSync(library, 'latin1');
    const unknown = AFTER_A_FAULT.filter((name) => !core.includes(name.replace(/^temporal_/, '')));
    assert.deepEqual(unknown, []);
  });

  it('can be held against what a process shows', () => {
    const text =
      '# TYPE h histogram\n# TYPE quiet counter\n# TYPE g gauge\ng{a="x, y=\\"z\\"",b=""} 1\nh_bucket{le="1"} 2\n';
    const shown = shownIn([text]);
    assert.deepEqual([...shown.keys()].sort(), ['g', 'h_bucket', 'h_count', 'h_sum', 'quiet']);
    assert.deepEqual([...(shown.get('g') ?? [])], ['a', 'b']);
  });
});

describe('the Compose profile', () => {
  const { services } = readCompose().file;
  const watching = Object.entries(services).filter(([, { profiles }]) => profiles !== undefined);
  const names = watching.map(([name]) => name);

  it('is all that is started only when it is asked for, and nothing else waits for it', () => {
    assert.deepEqual(names, ['prometheus', 'grafana', 'collector']);
    for (const [, { profiles }] of watching) assert.deepEqual(profiles, ['observability']);
    for (const [name, { depends_on = {} }] of Object.entries(services)) {
      const waitsFor = Object.keys(depends_on).filter((target) => names.includes(target));
      assert.ok(names.includes(name) || waitsFor.length === 0, name);
    }
  });

  it('has a Prometheus of the version of promtool', () => {
    assert.equal(services.prometheus?.image, `prom/prometheus:v${PROMETHEUS_VERSION}`);
  });

  it('asks the services that show metrics, where they show them', () => {
    const [laurel, temporal] = parse(read('deploy/observability/prometheus.yaml')).scrape_configs;
    const { names: asked, port } = laurel.dns_sd_configs[0];
    assert.deepEqual(asked, ['api', 'worker', 'streams']);
    for (const name of asked) {
      assert.equal(services[name]?.environment?.METRICS_PORT, String(port), name);
    }
    const [target] = temporal.static_configs[0].targets;
    const { PROMETHEUS_ENDPOINT } = services.temporal?.environment ?? {};
    assert.equal(target.replace('temporal', '0.0.0.0'), PROMETHEUS_ENDPOINT);
  });
});
